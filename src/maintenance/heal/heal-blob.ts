import type { Drive } from "../../drives/drive.ts";
import { shardBytes } from "../../erasure/layout.ts";
import type { AilingBlob, DamageNote, Healing } from "../../metadata/blobs/healing.ts";
import { GuardError } from "../../metadata/database.ts";
import type { BlobRow, ShardPlace } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError } from "../../store/failure.ts";
import { drivesOfClass, type PlacedBlob, placeReplacement } from "../../store/placement/placement.ts";
import { parseShardKey } from "../../store/placement/shard-key.ts";
import type { Damage } from "../../store/read/read-blob.ts";
import { WRITE_SECONDS_MAX } from "../../store/settings.ts";
import { checkShard, driveOf, layoutOf } from "../check/check-shard.ts";
import type { SpareMemory } from "./rebuild-directly.ts";
import type { ShardTarget } from "./replacement-writers.ts";
import { copyShard, matchesOthers, rebuildShards } from "./rewrite-shards.ts";

/** How often other drives are tried if some refuse their shards. */
const ROUNDS_MAX = 3;
/**
 * While a new configuration spreads, one isolate may not know a drive yet that another one writes
 * to.
 */
const GONE_SETTLE_MS = 10 * 60_000;

/** Counts of healing one blob. */
export interface BlobHealing {
  rebuiltShards: number;
  copiedShards: number;
  /** Recorded as damaged, but good. */
  fineShards: number;
  writtenBytes: number;
  /**
   * `healed`: nothing is left to do. `waiting`: for drives. `lost`: fewer than k good shards are
   * known. `changed`: by another process.
   */
  outcome: "healed" | "waiting" | "lost" | "changed";
}

/** Findings about the recorded shards. */
interface Diagnosis {
  fine: number[];
  /** Good, but on a drive that is to be emptied. */
  movable: Set<number>;
  /** To be rebuilt. */
  bad: Set<number>;
  /** Earliest time at which a shard that cannot be judged yet can be; null: there is none. */
  settledMs: number | null;
}

/** A blob whose new shards are written and not recorded yet. */
export interface HealedBlob {
  blob: AilingBlob;
  healing: Healing;
  outcome: BlobHealing;
}

/**
 * Heals one claimed blob, up to the record. Recorded damage is checked again first: a shard that is
 * good after all only loses its record. The others are written under new keys; until `recordHealed`
 * they are garbage that no row names. `memory` is for one blob at a time.
 */
export async function healBlob(store: StoreContext, blob: AilingBlob, memory: SpareMemory): Promise<HealedBlob> {
  const beganMs = store.clock.now();
  const diagnosis = await diagnose(store, blob);
  const rewriting = new Rewriting(store, blob, { ...diagnosis, memory });
  await rewriting.run();
  const nowMs = store.clock.now();
  const { moved } = rewriting;
  const { fine } = diagnosis;
  // The walk might take the new shards for orphans by now: they are left to it.
  if (nowMs - beganMs > WRITE_SECONDS_MAX * 1000) moved.clear();
  const found = rewriting.found.filter(({ shard }) => !moved.has(shard));
  const retryMs = diagnosis.settledMs ?? blob.retryMs;
  const left = new Set([...blob.notes, ...found].map(({ shard }) => shard));
  for (const shard of [...moved.keys(), ...fine]) left.delete(shard);
  const state = left.size === 0 ? "healed" : rewriting.isLost ? "lost" : "waiting";
  const copiedShards = [...moved.keys()].filter((shard) => rewriting.copied.has(shard)).length;
  const writtenBytes = moved.size * shardBytes(layoutOf(blob));
  return {
    blob,
    healing: { moved, fine, found, retryMs, nowMs },
    outcome: {
      rebuiltShards: moved.size - copiedShards,
      copiedShards,
      fineShards: fine.length,
      writtenBytes,
      outcome: state,
    },
  };
}

const CHANGED: BlobHealing = {
  rebuiltShards: 0,
  copiedShards: 0,
  fineShards: 0,
  writtenBytes: 0,
  outcome: "changed",
};

/**
 * Records healed blobs, in one transaction if no other process has changed one of them meanwhile.
 */
export async function recordHealed(store: StoreContext, healed: readonly HealedBlob[]): Promise<BlobHealing[]> {
  try {
    await store.metadata.healing.record(healed);
    return healed.map(({ outcome }) => outcome);
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    if (healed.length === 1) return [CHANGED];
    const each: BlobHealing[] = [];
    for (const one of healed) each.push(...(await recordHealed(store, [one])));
    return each;
  }
}

async function diagnose(store: StoreContext, blob: AilingBlob): Promise<Diagnosis> {
  const diagnosis: Diagnosis = { fine: [], movable: new Set(), bad: new Set(), settledMs: null };
  await Promise.all(blob.notes.map((note) => judge(store, blob, note, diagnosis)));
  return diagnosis;
}

/** A shard that cannot be checked now keeps its record. */
async function judge(store: StoreContext, blob: AilingBlob, note: DamageNote, diagnosis: Diagnosis): Promise<void> {
  const { shard } = note;
  const place = blob.shards[shard] ?? null;
  const drive = driveOf(store, place);
  const badFrom = (settledMs: number) => {
    if (settledMs <= store.clock.now()) diagnosis.bad.add(shard);
    else diagnosis.settledMs = Math.min(diagnosis.settledMs ?? settledMs, settledMs);
  };
  if (!place) diagnosis.bad.add(shard);
  // Another drive is in its place: missing shards are written elsewhere.
  else if (drive && store.watch.isNotOurs(drive.name)) diagnosis.bad.add(shard);
  else if (!drive) badFrom(note.cause === "gone" ? note.notedMs + GONE_SETTLE_MS : 0);
  else if (drive.draining) diagnosis.movable.add(shard);
  else if (note.cause === "draining") diagnosis.fine.push(shard);
  else {
    const state = await checkShard(store, { blob, shard });
    if (state.ok) await judgeFrames(store, blob, note, diagnosis);
    else if (state.fault.kind === "absent") {
      // A recent absence may have been cached by the drive, and reported again just now.
      const sinceMs = Math.max(note.notedMs, parseShardKey(place[1])?.writtenMs ?? 0);
      badFrom(drive.settleMs === 0 ? 0 : sinceMs + drive.settleMs);
    } else if (state.fault.damaged) diagnosis.bad.add(shard);
  }
}

/**
 * Of a shard whose frames verify. One that was recorded as wrong may have been forged; until that
 * is known it keeps its record.
 */
async function judgeFrames(
  store: StoreContext,
  blob: AilingBlob,
  note: DamageNote,
  diagnosis: Diagnosis,
): Promise<void> {
  const { shard, cause } = note;
  const doubted = blob.notes.filter((other) => other.cause === "corrupt").map((other) => other.shard);
  const isTrue = cause !== "corrupt" || blob.m === 0 || (await matchesOthers(store, blob, { shard, doubted }));
  if (isTrue) diagnosis.fine.push(shard);
  else if (isTrue === false) diagnosis.bad.add(shard);
}

/** Writes a blob's bad and movable shards, over several rounds if drives fail. */
class Rewriting {
  readonly moved = new Map<number, ShardPlace & {}>();
  readonly found: Damage[] = [];
  readonly copied = new Set<number>();
  /** Too few shards could be read to rebuild the bad ones. */
  #isShort = false;
  readonly #store: StoreContext;
  readonly #blob: AilingBlob;
  readonly #movable: Set<number>;
  readonly #bad: Set<number>;
  readonly #failedDrives = new Set<string>();
  readonly #memory: SpareMemory;

  constructor(store: StoreContext, blob: AilingBlob, { movable, bad, memory }: Diagnosis & { memory: SpareMemory }) {
    this.#store = store;
    this.#blob = blob;
    this.#movable = new Set(movable);
    this.#bad = new Set(bad);
    this.#memory = memory;
  }

  /** Fewer than k shards are good, as far as is known; the others are not only unavailable. */
  get isLost(): boolean {
    return this.#isShort && new Set([...this.#bad, ...this.found.map(({ shard }) => shard)]).size > this.#blob.m;
  }

  async run(): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX && !this.#isShort; round++) {
      const targets = this.#targets();
      if (targets.length === 0) return;
      for (const target of targets.filter(({ shard }) => this.#movable.has(shard))) await this.#copy(target);
      const bad = targets.filter(({ shard }) => this.#bad.has(shard) && !this.moved.has(shard));
      if (bad.length > 0) await this.#rebuild(bad);
    }
  }

  /** A drive for each shard that is still to be written, as far as there are any. */
  #targets(): ShardTarget[] {
    const { shards } = this.#blob;
    const wanted = [...this.#bad, ...this.#movable].filter((shard) => !this.moved.has(shard));
    const staying = shards.filter((_, shard) => !this.#bad.has(shard) && !this.#movable.has(shard));
    const held = new Set([...staying, ...this.moved.values()].flatMap((place) => (place ? [place[0]] : [])));
    const placed = placedBlob(this.#store, this.#blob);
    return wanted.flatMap((shard): ShardTarget[] => {
      const former = shards[shard]?.[0];
      const drive = placeReplacement(homeOf(this.#store, this.#blob), placed, {
        held,
        ...(former === undefined ? {} : { former }),
        isOut: ({ name }) => this.#failedDrives.has(name) || this.#store.watch.isNotOurs(name),
      });
      if (!drive) return [];
      held.add(drive.name);
      return [{ shard, drive }];
    });
  }

  async #copy(target: ShardTarget): Promise<void> {
    const { shard } = target;
    const copied = await copyShard(this.#store, this.#blob, target);
    if ("places" in copied) {
      this.#take(copied);
      for (const written of copied.places.keys()) this.copied.add(written);
      return;
    }
    // Shards that cannot be copied are rebuilt from the others.
    this.#movable.delete(shard);
    this.#bad.add(shard);
    if (copied.damaged) this.found.push({ shard, cause: copied.kind });
  }

  async #rebuild(targets: readonly ShardTarget[]): Promise<void> {
    const shards = this.#blob.shards.map((place, shard) => (this.#bad.has(shard) ? null : place));
    try {
      const rebuild = { targets, found: this.found, memory: this.#memory };
      this.#take(await rebuildShards(this.#store, { ...this.#blob, shards }, rebuild));
    } catch (error) {
      if (!(error instanceof StoreError) || error.failure.kind !== "drives-unavailable") throw error;
      this.#isShort = true;
    }
  }

  #take({ places, failedDrives }: { places: Map<number, ShardPlace & {}>; failedDrives: string[] }): void {
    for (const [shard, place] of places) this.moved.set(shard, place);
    for (const name of failedDrives) this.#failedDrives.add(name);
  }
}

/**
 * The drives of the blob's storage class; all drives, if the class now has fewer than the blob has
 * shards.
 */
function homeOf(store: StoreContext, { k, m, storageClass = "STANDARD" }: BlobRow): readonly Drive[] {
  const drives = drivesOfClass(store, storageClass);
  return drives.length < k + m ? store.drives : drives;
}

/** Rows do not say whether a blob is small or large. Its drives or its shape do. */
function placedBlob({ drives, settings }: StoreContext, blob: BlobRow & { isPack: boolean }): PlacedBlob {
  const holders = drives.filter(({ name }) => blob.shards.some((place) => place?.[0] === name));
  const [isOnSmall, isOnLarge] = ["small", "large"].map((of) => holders.some((drive) => drive.class === of));
  const { k, m } = settings.smallGeometry;
  const looksSmall = !blob.isPack && blob.k === k && blob.m === m && blob.sizeBytes <= settings.smallBytesMax;
  const isSmall = isOnSmall !== isOnLarge ? isOnSmall : looksSmall;
  return { id: blob.id, shardBytes: shardBytes(layoutOf(blob)), class: isSmall ? "small" : "large" };
}
