import { type Drive, DriveError } from "../../drives/drive.ts";
import { type Examination, examineDrive } from "../../drives/examine.ts";
import { MetadataUnavailable } from "../../metadata/database.ts";
import type { DriveRow } from "../../metadata/drives/drives.ts";
import type { DriveLoss, LossCause } from "../../metadata/drives/losses.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { newId } from "../../store/placement/ids.ts";
import { WRITE_SECONDS_MAX } from "../../store/settings.ts";
import type { Job } from "../run/job.ts";
import { type KnownMarker, placeMarker } from "./place-marker.ts";
import { sampleDrive } from "./sample.ts";
import { sentenceOf } from "./sentences.ts";

/** Interval of renewing a marker, by which an older copy of the drive is recognised. */
const MARKER_MS = 3600 * 1000;
/**
 * Interval of looking for a sample of each drive's shards, even without signs of trouble; shorter
 * if looking costs nothing.
 */
const SAMPLE_MS = 3600 * 1000;
const LOCAL_SAMPLE_MS = 5 * 60_000;
/**
 * The longest time of writing a shard. An older copy of a drive may have shards that began this
 * long before its marker.
 */
const WRITE_MS_MAX = WRITE_SECONDS_MAX * 1000;
/** How long healed losses are reported. */
const FORGET_MS = 7 * 24 * 3600 * 1000;

/** Where the drives were seen last, by name. */
export interface WatchCursor {
  /** When each drive was last identified as the right one. */
  seenMs: Record<string, number>;
}

interface Report {
  troubledDrives: number;
  /** Drives that were found to lack much. */
  losses: number;
  renewedMarkers: number;
  sampledShards: number;
  absentShards: number;
}

/**
 * Identifies each drive, and acts on the result. A drive that was emptied, or is an older copy of
 * itself, is used again, and all its losses are queued for healing. A drive that belongs elsewhere
 * is left alone, and all shards of the right drive are queued. Runs first in every run, in the
 * first database, for all of them. Each step may be repeated. A loss is recorded before its drive
 * is used again, so an interrupted run may record a loss twice, but never forgets one.
 */
export const watch: Job = {
  name: "watch",
  async run(store, _budget, saved) {
    // The first database has the identities for all.
    if ((allStores(store)[0] ?? store).metadata !== store.metadata) return { report: {}, cursor: null };
    const cursor: WatchCursor = { seenMs: { ...(saved as WatchCursor | null)?.seenMs } };
    const { store: id, drives: rows } = await store.metadata.drives.list(newId(store));
    const watching = new Watching(store, id, cursor);
    await Promise.all(store.drives.map((drive) => watching.look(drive, rowOf(rows, drive))));
    await watching.sampleAll(rows);
    for (const name of Object.keys(cursor.seenMs)) {
      if (!store.drives.some((drive) => drive.name === name)) delete cursor.seenMs[name];
    }
    for (const one of allStores(store)) await conclude(one);
    return { report: { ...watching.report }, cursor };
  },
};

/**
 * Ends healed losses, and tells this isolate which drives are in trouble. Databases that do not
 * answer are reported by their own jobs.
 */
async function conclude({ metadata, clock }: StoreContext): Promise<void> {
  try {
    await metadata.losses.end(clock.now(), clock.now() - FORGET_MS);
    await metadata.drives.notices();
  } catch (error) {
    if (!(error instanceof MetadataUnavailable)) throw error;
  }
}

function rowOf(rows: readonly DriveRow[], { name }: Drive): DriveRow | null {
  return rows.find((row) => row.name === name) ?? null;
}

/** The marker that a drive must have; null before its first use. */
export function expectedMarker(row: DriveRow | null) {
  return row && row.marker !== "" ? { id: row.marker, generation: row.generation, markedMs: row.markedMs } : null;
}

/** One run of the watch. */
class Watching {
  readonly report: Report = {
    troubledDrives: 0,
    losses: 0,
    renewedMarkers: 0,
    sampledShards: 0,
    absentShards: 0,
  };
  readonly #store: StoreContext;
  readonly #id: string;
  readonly #cursor: WatchCursor;
  /** Drives that are in use, for the sample. */
  readonly #inUse = new Set<string>();
  readonly #fresh = new Set<string>();

  constructor(store: StoreContext, id: string, cursor: WatchCursor) {
    this.#store = store;
    this.#id = id;
    this.#cursor = cursor;
  }

  async look(drive: Drive, row: DriveRow | null): Promise<void> {
    const { clock } = this.#store;
    const expected = expectedMarker(row);
    const found = await examineDrive(drive, { store: this.#id, expected, clock });
    try {
      await this.#act(drive, row, found);
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      await this.#note(drive, { kind: "unreachable", reason: error.message });
      return;
    }
    if (found.kind === "unreachable" || found.kind === "swapped" || found.kind === "foreign") return;
    this.#cursor.seenMs[drive.name] = clock.now();
    this.#inUse.add(drive.name);
  }

  async #act(drive: Drive, row: DriveRow | null, found: Examination): Promise<void> {
    switch (found.kind) {
      case "ours":
        return this.#keep(drive, row as DriveRow);
      case "unreachable":
        return this.#note(drive, found);
      case "blank":
        this.#fresh.add(drive.name);
        await this.#mark(drive, row, 1);
        return;
      case "newer":
        this.#tell(sentenceOf(drive.name, found));
        this.#fresh.add(drive.name);
        await this.#mark(drive, row, found.marker.generation + 1);
        await this.#setBack(drive, row);
        return;
      case "emptied":
        return this.#takeBack(drive, row, { cause: "emptied", fromId: "", generation: 0, found });
      case "older": {
        const fromId = this.#idAt(Math.max(0, found.marker.madeMs - WRITE_MS_MAX));
        return this.#takeBack(drive, row, { cause: "older", fromId, generation: found.marker.generation, found });
      }
      case "swapped":
      case "foreign":
        // What was queued when it was found so stays queued.
        if (row?.state !== found.kind) await this.#lose(drive.name, found.kind, { fromId: "", noticedMs: this.#nowMs });
        return this.#note(drive, found);
    }
  }

  /** It is the right one: its marker is renewed when it is time. */
  async #keep(drive: Drive, row: DriveRow): Promise<void> {
    await this.#setBack(drive, row);
    if (this.#nowMs - row.markedMs < MARKER_MS) return;
    await this.#mark(drive, row, row.generation + 1);
    this.report.renewedMarkers += 1;
  }

  /**
   * A drive that was in trouble is to be used as usual. The first database comes last: its row says
   * whether all have been told.
   */
  async #setBack(drive: Drive, row: DriveRow | null): Promise<void> {
    if (row === null || row.state === "ours") return;
    this.#tell(`drive ${drive.name} is back`);
    for (const { metadata } of [...allStores(this.#store)].reverse()) {
      // Damage that waited for the drive need not wait for its next attempt.
      await metadata.healing.retryAll(this.#nowMs);
      await metadata.drives.setState(drive.name, "ours", null, this.#nowMs);
    }
  }

  /** Uses a drive of ours again that lacks much. */
  async #takeBack(
    drive: Drive,
    row: DriveRow | null,
    loss: { cause: LossCause; fromId: string; generation: number; found: Examination },
  ): Promise<void> {
    this.#tell(sentenceOf(drive.name, loss.found));
    const noticedMs = this.#nowMs;
    await this.#lose(drive.name, loss.cause, { fromId: loss.fromId, noticedMs });
    await this.#mark(drive, row, Math.max(row?.generation ?? 0, loss.generation) + 1);
    // Shards that were written until the marker was there may be gone too.
    await this.#lose(drive.name, loss.cause, { fromId: loss.fromId, noticedMs });
    await this.#setBack(drive, row);
    this.report.losses += 1;
  }

  async #mark(drive: Drive, row: KnownMarker | null, generation: number): Promise<void> {
    await placeMarker(this.#store, drive, { storeId: this.#id, former: row, generation });
  }

  /**
   * Records that the drive may lack all shards written from `fromId` until now, in every database.
   */
  async #lose(drive: string, cause: LossCause, { fromId, noticedMs }: { fromId: string; noticedMs: number }) {
    const beforeId = this.#idAt(this.#nowMs + 1);
    for (const { metadata } of allStores(this.#store)) {
      await metadata.losses.add({ drive, noticedMs, cause, fromId, beforeId });
    }
  }

  async #note(drive: Drive, found: Examination): Promise<void> {
    this.report.troubledDrives += 1;
    const sentence = sentenceOf(drive.name, found);
    if (this.#store.watch.troubleOf(drive.name)?.state !== found.kind) this.#tell(sentence);
    for (const { metadata } of allStores(this.#store)) {
      await metadata.drives.setState(drive.name, found.kind, sentence, this.#nowMs);
    }
  }

  /** Looks for some shards of each drive that missed one, or whose last sample is too old. */
  async sampleAll(rows: readonly DriveRow[]): Promise<void> {
    const due = this.#store.drives.filter((drive) => {
      if (!this.#inUse.has(drive.name)) return false;
      const row = rowOf(rows, drive);
      if (!row || this.#fresh.has(drive.name)) return true;
      return (
        row.missedMs > row.sampledMs || this.#nowMs - row.sampledMs >= (this.#store.host ? LOCAL_SAMPLE_MS : SAMPLE_MS)
      );
    });
    if (due.length === 0) return;
    const lost = (await this.#store.metadata.losses.open()).filter(({ queuedMs }) => queuedMs === null);
    await Promise.all(due.map((drive) => this.#sample(drive, lost)));
    await this.#store.metadata.drives.sampled(
      due.map(({ name }) => name),
      this.#nowMs,
    );
  }

  async #sample({ name }: Drive, lost: readonly DriveLoss[]): Promise<void> {
    // All of it is being queued already.
    if (lost.some((loss) => loss.drive === name && loss.fromId === "")) return;
    for (const one of allStores(this.#store)) {
      const drive = one.drives.find((other) => other.name === name) as Drive;
      try {
        const { looked, absent } = await sampleDrive(one, drive);
        this.report.sampledShards += looked;
        if (absent.length === 0) continue;
        this.report.absentShards += absent.length;
        this.report.losses += 1;
        this.#tell(
          `drive ${name} lacks ${absent.length} of ${looked} shards that were looked for: all that it should hold is looked at`,
        );
        await one.metadata.healing.note(absent, this.#nowMs);
        await this.#lose(name, "patchy", { fromId: "", noticedMs: this.#nowMs });
        return;
      } catch (error) {
        // Its other databases' shards, or the next run, will do.
        if (!(error instanceof DriveError) && !(error instanceof MetadataUnavailable)) throw error;
      }
    }
  }

  #idAt(ms: number): string {
    return newId({ clock: { ...this.#store.clock, now: () => ms }, random: (count) => new Uint8Array(count) });
  }

  #tell(sentence: string | null): void {
    if (sentence !== null) this.#store.tell?.(`sherd: ${sentence}`);
  }

  get #nowMs(): number {
    return this.#store.clock.now();
  }
}
