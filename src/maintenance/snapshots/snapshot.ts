import { DriveError } from "../../drives/drive.ts";
import type { SnapshotPlace } from "../../metadata/snapshots/snapshots.ts";
import { sealDocument } from "../../sealing/sealed-document.ts";
import type { StoreContext } from "../../store/context.ts";
import { newId } from "../../store/placement/ids.ts";
import { parseSnapshotKey, snapshotKeys } from "../../store/placement/shard-key.ts";
import type { BlobSource } from "../../store/write/body-pieces.ts";
import { writeBody } from "../../store/write/write-blob.ts";
import { snapshotIntervalMs } from "../run/hold.ts";
import type { Budget, Job } from "../run/job.ts";
import { listSnapshotKeys } from "./find-snapshots.ts";
import {
  compress,
  encodeLine,
  type Manifest,
  pieceContext,
  type RowCounts,
  type SnapshotSummary,
  snapshotContext,
} from "./snapshot-format.ts";

/** Before compression. It is in memory together with its compressed form. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** The manifest names them all: about 600 KB. At 4 MiB each this is eight times what D1 holds. */
const PIECES_MAX = 20_000;
const KEYS_PER_DELETE = 100;

interface Taking {
  id: string;
  beganMs: number;
  /** The next table to read; null: only the manifest is left to write. */
  place: SnapshotPlace | null;
  pieces: string[];
  bucketsFrom: number | null;
  rows: RowCounts;
  /** Version of its manifest; absent: 1, because an earlier version of Sherd began it. */
  version?: 2;
}

export interface SnapshotCursor {
  /**
   * The collector and the walk keep what was dropped since then, because the newest snapshot names
   * it.
   */
  heldSinceMs: number | null;
  /** The one under way. */
  taking: Taking | null;
  /** Complete ones of this database, the oldest first. */
  kept: SnapshotSummary[];
  /** Snapshots whose shards are to be deleted. */
  doomed: string[];
}

/** Results in each run's report. */
interface Report {
  snapshotRows: number;
  snapshotPieces: number;
  snapshots: number;
  deletedSnapshotShards: number;
}

/**
 * Writes all metadata to the drives, once in `snapshotSeconds`, so that the database can be rebuilt
 * from the drives alone (restore.ts). Rows are read in pages, over as many runs as necessary, and
 * written as compressed pieces. Each piece is a blob of the STANDARD geometry, and its keys name
 * the snapshot. The manifest, written last, completes it. A crash leaves pieces that no manifest
 * names; they are deleted with their snapshot. Only this database's own snapshots are ever deleted:
 * a new database on the same drives does not touch those of the lost one. A database without
 * buckets gets no snapshot.
 */
export const snapshot: Job = {
  name: "snapshot",
  async run(store, budget, saved) {
    const cursor = structuredClone((saved as SnapshotCursor | null) ?? NOTHING);
    const report: Report = { snapshotRows: 0, snapshotPieces: 0, snapshots: 0, deletedSnapshotShards: 0 };
    const { snapshotSeconds } = store.settings;
    if (snapshotSeconds === 0) {
      if (cursor.taking) cursor.doomed.push(cursor.taking.id);
      cursor.taking = null;
    } else if (cursor.taking === null && (await isDue(store, cursor))) {
      cursor.taking = begin(store);
      cursor.heldSinceMs = heldSince(cursor, snapshotSeconds);
      // Its id and its hold are saved before anything is read or written.
      return { report: { ...report }, cursor, isUnfinished: true };
    }
    cursor.heldSinceMs = heldSince(cursor, snapshotSeconds);
    if (cursor.taking) await take(store, { budget, cursor, taking: cursor.taking, report });
    cursor.heldSinceMs = heldSince(cursor, snapshotSeconds);
    if (cursor.doomed.length > 0 && !budget.isSpent()) await deleteDoomed(store, cursor, report);
    return { report: { ...report }, cursor, isUnfinished: cursor.taking !== null };
  },
};

const NOTHING: SnapshotCursor = { heldSinceMs: null, taking: null, kept: [], doomed: [] };

async function isDue(store: StoreContext, { kept }: SnapshotCursor): Promise<boolean> {
  const last = kept.at(-1);
  if (last && store.clock.now() - last.beganMs < (await snapshotIntervalMs(store))) return false;
  if (!(await store.metadata.snapshots.hasContent())) return false;
  // The snapshot would be among those of the other database.
  await store.metadata.identity.require();
  return true;
}

function begin(store: StoreContext): Taking {
  const place: SnapshotPlace = { table: "uploads", after: null };
  return { id: newId(store), beganMs: store.clock.now(), place, pieces: [], bucketsFrom: null, rows: {}, version: 2 };
}

function heldSince({ kept, taking }: SnapshotCursor, snapshotSeconds: number): number | null {
  return snapshotSeconds === 0 ? null : (kept.at(-1)?.beganMs ?? taking?.beganMs ?? null);
}

interface Run {
  budget: Budget;
  cursor: SnapshotCursor;
  taking: Taking;
  report: Report;
}

/** Continues with the snapshot: at least one page, so that it is completed whatever the budget. */
async function take(store: StoreContext, { budget, cursor, taking, report }: Run): Promise<void> {
  let lines: string[] = [];
  let bytes = 0;
  const flush = async () => {
    if (lines.length === 0) return;
    if (taking.pieces.length >= PIECES_MAX) throw new Error(`the snapshot would have more than ${PIECES_MAX} pieces`);
    taking.pieces.push(await writePiece(store, taking, taking.pieces.length, lines.join("")));
    report.snapshotPieces += 1;
    lines = [];
    bytes = 0;
  };
  do {
    if (taking.place === null) break;
    if (taking.place.table === "buckets" && taking.bucketsFrom === null) {
      await flush();
      taking.bucketsFrom = taking.pieces.length;
    }
    const { found, next } = await store.metadata.snapshots.page(taking.place);
    for (const part of found.filter(({ rows }) => rows.length > 0)) {
      const line = encodeLine(part);
      lines.push(line);
      bytes += line.length;
      taking.rows[part.table] = (taking.rows[part.table] ?? 0) + part.rows.length;
      report.snapshotRows += part.rows.length;
    }
    taking.place = next;
    if (bytes >= PIECE_BYTES) await flush();
  } while (!budget.isSpent());
  await flush();
  if (taking.place === null && !budget.isSpent()) await finish(store, cursor, taking, report);
}

async function finish(store: StoreContext, cursor: SnapshotCursor, taking: Taking, report: Report): Promise<void> {
  const { id, beganMs, rows, pieces } = taking;
  const summary: SnapshotSummary = { id, beganMs, endedMs: store.clock.now(), rows };
  const bucketsFrom = taking.bucketsFrom ?? pieces.length;
  const { store: storeId } = await store.metadata.drives.look();
  const manifest: Manifest = {
    format: "sherd-snapshot",
    version: taking.version ?? 1,
    ...summary,
    pieces,
    bucketsFrom,
    ...(storeId === null ? {} : { storeId }),
    kept: cursor.kept,
  };
  await writePiece(store, taking, null, JSON.stringify(manifest));
  cursor.taking = null;
  cursor.kept.push(summary);
  const surplus = cursor.kept.splice(0, Math.max(0, cursor.kept.length - store.settings.snapshotsKept));
  cursor.doomed.push(...surplus.map((old) => old.id));
  report.snapshots += 1;
}

/** Returns the id of its blob. */
async function writePiece(
  store: StoreContext,
  { id, version }: Taking,
  piece: number | null,
  text: string,
): Promise<string> {
  const geometry = store.settings.storageClasses.STANDARD;
  if (!geometry) throw new Error("STANDARD has no geometry");
  const context = piece === null || version === undefined ? snapshotContext(id) : pieceContext(id, piece);
  const { blobs } = await writeBody(store, {
    source: sourceOf(sealed(store, context, await compress(text))),
    geometry,
    class: "large",
    keyOf: snapshotKeys(id, piece),
    usesReserve: true,
    admitted: Promise.resolve(),
    verify: () => {},
  });
  // About 8 MB at most, which is one blob in any geometry.
  const [blob, ...others] = blobs;
  if (!blob || others.length > 0) throw new Error("a piece of the snapshot is more than one blob");
  return blob.id;
}

/** Metadata hold names, tags and inline bodies: nobody may read them on a drive. */
function sealed({ sealing, random }: StoreContext, context: string, bytes: Uint8Array): Uint8Array {
  return sealing.sealer ? sealDocument(sealing.sealer, context, bytes, random) : bytes;
}

function sourceOf(bytes: Uint8Array): BlobSource {
  let rest: Uint8Array | null = bytes;
  return {
    sizeBytes: bytes.length,
    digests: [],
    async next() {
      const piece = rest;
      rest = null;
      return piece;
    },
  };
}

/** Deletes their shards on every drive. They stay doomed until all drives have answered. */
async function deleteDoomed(store: StoreContext, cursor: SnapshotCursor, report: Report): Promise<void> {
  const doomed = new Set(cursor.doomed);
  let isComplete = true;
  for (const drive of store.drives) {
    try {
      const keys: string[] = [];
      for await (const key of listSnapshotKeys(drive)) {
        if (doomed.has(parseSnapshotKey(key)?.snapshotId ?? "")) keys.push(key);
      }
      for (let at = 0; at < keys.length; at += KEYS_PER_DELETE) {
        const some = keys.slice(at, at + KEYS_PER_DELETE);
        await drive.delete(some);
        report.deletedSnapshotShards += some.length;
      }
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      isComplete = false;
    }
  }
  if (isComplete) cursor.doomed = [];
}
