import { DriveError } from "../../drives/drive.ts";
import { findMarkers } from "../../drives/marker.ts";
import { isFirstDatabase } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { newId } from "../../store/placement/ids.ts";
import { WRITE_SECONDS_MAX } from "../../store/settings.ts";
import type { Budget } from "../run/job.ts";
import { type FoundManifest, findSnapshots, SnapshotPieces } from "./find-snapshots.ts";
import type { SnapshotCursor } from "./snapshot.ts";
import type { SnapshotSummary } from "./snapshot-format.ts";

/** Row of the table `jobs` with the progress. While its cursor is not null no job runs. */
export const RESTORE_JOB = "restore";
const LEASE_MS = 120_000;

type Phase = "rows" | "uploads" | "blobs" | "buckets";

interface RestoreCursor {
  snapshotId: string;
  /**
   * Whether its manifest was sealed when the restore began; absent in restores that an earlier
   * version began.
   */
  isSealed?: boolean;
  phase: Phase;
  /** Number of finished pieces. */
  pieces: number;
  /** Blobs up to this one are finished. */
  afterId: string;
}

/** Result of one step of a restore. */
export type RestoreStep =
  /** Call again. */
  | { state: "going-on"; snapshot: SnapshotSummary; pieces: number; piecesInAll: number }
  /**
   * `lostReferences`: extents whose blob is not in the snapshot; 0 unless the snapshot is wrong.
   */
  | { state: "restored"; snapshot: SnapshotSummary; lostReferences: number }
  | { state: "refused"; reason: string };

/**
 * Rebuilds an empty database from a snapshot on the drives, one part per call: call it until it is
 * `restored`. `snapshotId`: which one; null: the newest complete one. With a root key, null means
 * the newest sealed one, because anyone who can write to a drive can forge an unsealed one. Buckets
 * come last, so that no request finds anything before the restore is complete. A call that fails or
 * is cut off may be repeated. Throws `StoreError` drives-unavailable if fewer than k shards of a
 * piece can be read.
 */
export async function restoreMetadata(
  store: StoreContext,
  { snapshotId, budget }: { snapshotId: string | null; budget: Budget },
): Promise<RestoreStep> {
  const { metadata, clock } = store;
  const holder = newId(store);
  const row = await metadata.jobs.lease(RESTORE_JOB, holder, clock.now(), clock.now() + LEASE_MS);
  if (!row) return { state: "refused", reason: "another restore is going on: wait two minutes" };
  let cursor = row.cursor as RestoreCursor | null;
  try {
    const step = await restoreStep(store, { cursor, snapshotId, budget }, (next) => {
      cursor = next;
    });
    await metadata.jobs.finish(RESTORE_JOB, holder, { nowMs: clock.now(), cursor, report: {} });
    return step;
  } catch (error) {
    await metadata.jobs.fail(RESTORE_JOB, holder, { nowMs: clock.now(), failure: String(error) });
    throw error;
  }
}

async function restoreStep(
  store: StoreContext,
  { cursor: saved, snapshotId, budget }: { cursor: RestoreCursor | null; snapshotId: string | null; budget: Budget },
  keep: (cursor: RestoreCursor | null) => void,
): Promise<RestoreStep> {
  if (saved === null && !(await store.metadata.restoring.isEmpty())) {
    return { state: "refused", reason: "the database is not empty: restore into a new one" };
  }
  if (saved !== null && snapshotId !== null && saved.snapshotId !== snapshotId) {
    return { state: "refused", reason: `a restore of snapshot ${saved.snapshotId} has begun in this database` };
  }
  const wanted = saved?.snapshotId ?? snapshotId;
  const found = await findSnapshots(store);
  const needsSeal = saved === null ? wanted === null && store.sealing.sealer !== null : saved.isSealed === true;
  const able = found.complete.filter(({ isSealed }) => isSealed || !needsSeal);
  const manifest = wanted === null ? able.at(-1) : able.find(({ id }) => id === wanted);
  if (!manifest) {
    const which = wanted === null ? "" : ` ${wanted}`;
    const what = `no whole snapshot${which}${needsSeal ? " that is sealed" : ""} is`;
    if (wanted === null && found.complete.length > 0) {
      const ids = found.complete.map(({ id }) => id).join(", ");
      return {
        state: "refused",
        reason: `${what} on the drives that answer. Name one that is not sealed to take it: ${ids}`,
      };
    }
    return { state: "refused", reason: `${what} on the drives that answer` };
  }
  const cursor = saved ?? {
    snapshotId: manifest.id,
    isSealed: manifest.isSealed,
    phase: "rows",
    pieces: 0,
    afterId: "",
  };
  // From the first row on no job may run, and no other snapshot may be mixed in.
  if (saved === null) await store.metadata.restoring.setCursors({ [RESTORE_JOB]: cursor });
  const restoring = new Restoring(store, manifest, cursor);
  keep(cursor);
  do {
    if (await restoring.step()) continue;
    const lostReferences = await restoring.finish();
    keep(null);
    return { state: "restored", snapshot: summaryOf(manifest), lostReferences };
  } while (!budget.isSpent());
  return {
    state: "going-on",
    snapshot: summaryOf(manifest),
    pieces: cursor.pieces,
    piecesInAll: manifest.pieces.length,
  };
}

export function summaryOf({ id, beganMs, endedMs, rows }: SnapshotSummary): SnapshotSummary {
  return { id, beganMs, endedMs, rows };
}

/** Updates its cursor in place. */
class Restoring {
  readonly #store: StoreContext;
  readonly #manifest: FoundManifest;
  readonly #cursor: RestoreCursor;
  #pieces: SnapshotPieces | null = null;

  constructor(store: StoreContext, manifest: FoundManifest, cursor: RestoreCursor) {
    this.#store = store;
    this.#manifest = manifest;
    this.#cursor = cursor;
  }

  /** One limited piece of work. False if all rows are there. */
  async step(): Promise<boolean> {
    const { restoring } = this.#store.metadata;
    const cursor = this.#cursor;
    const { bucketsFrom } = this.#manifest;
    switch (cursor.phase) {
      case "rows":
        if (cursor.pieces < bucketsFrom) await this.#insertPiece();
        else cursor.phase = "uploads";
        return true;
      case "uploads":
        await restoring.dropForeignRows(await this.#bucketIds());
        await restoring.finishUploads();
        await restoring.finishIdentities(this.#store.clock.now());
        cursor.phase = "blobs";
        return true;
      case "blobs": {
        const next = await restoring.finishBlobs(cursor.afterId, this.#store.clock.now());
        if (next === null) cursor.phase = "buckets";
        else cursor.afterId = next;
        return true;
      }
      case "buckets":
        if (cursor.pieces >= this.#manifest.pieces.length) {
          await restoring.dropForeignLifecycles();
          return false;
        }
        await this.#insertPiece();
        return true;
    }
  }

  /**
   * Initial states of the jobs. The walk: this database knows nothing of later writes, so their
   * shards stay for as long as the walk keeps what a database may have forgotten. Snapshots: those
   * of the lost database belong to this one now.
   */
  async finish(): Promise<number> {
    const { metadata } = this.#store;
    const { beganMs, kept } = this.#manifest;
    const lostReferences = await metadata.restoring.countLostReferences();
    const storeId = this.#manifest.storeId ?? (await storeOnDrives(this.#store));
    // From here on the drives belong to this database: their markers say so.
    if (storeId !== null) await metadata.drives.setStore(storeId);
    const snapshots: SnapshotCursor = {
      heldSinceMs: beganMs,
      taking: null,
      kept: [...kept, summaryOf(this.#manifest)],
      doomed: [],
    };
    const walk = { drives: {}, seenMs: beganMs - WRITE_SECONDS_MAX * 1000, gaps: [] };
    // The clock was last seen when the snapshot was taken. The present time may be wrong,
    // especially on a new machine.
    const lifecycle = { clock: { seenMs: beganMs, hold: null } };
    await metadata.restoring.setCursors({ snapshot: snapshots, walk, lifecycle });
    return lostReferences;
  }

  async #insertPiece(): Promise<void> {
    for (const { table, columns, rows } of await this.#read(this.#cursor.pieces)) {
      await this.#store.metadata.restoring.insert(table, columns, rows);
    }
    this.#cursor.pieces += 1;
  }

  /** There are at most 10,000 buckets. */
  async #bucketIds(): Promise<number[]> {
    const ids: number[] = [];
    for (let piece = this.#manifest.bucketsFrom; piece < this.#manifest.pieces.length; piece++) {
      for (const { table, columns, rows } of await this.#read(piece)) {
        if (table !== "buckets") continue;
        const id = columns.indexOf("id");
        ids.push(...rows.map((row) => Number(row[id])));
      }
    }
    return ids;
  }

  async #read(piece: number) {
    this.#pieces ??= await SnapshotPieces.find(this.#store, this.#manifest);
    return this.#pieces.read(this.#manifest.pieces[piece] as string);
  }
}

/**
 * The store that most drives belong to; null if none says. Used only for snapshots of an earlier
 * version.
 */
async function storeOnDrives(store: StoreContext): Promise<string | null> {
  if (!isFirstDatabase(store)) return null;
  const votes = new Map<string, number>();
  for (const drive of store.drives) {
    try {
      const { markers } = await findMarkers(drive);
      for (const id of new Set(markers.map((marker) => marker.store))) votes.set(id, (votes.get(id) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
    }
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
