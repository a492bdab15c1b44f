import { shardBytes } from "../../erasure/layout.ts";
import type { CountedBlob } from "../../metadata/blobs/census.ts";
import { parseShardKey } from "../../store/placement/shard-key.ts";
import type { Job } from "../run/job.ts";

const BLOBS_PER_PAGE = 1_000;

/** Result of one walk over all blobs. */
export interface Totals {
  blobs: number;
  bytes: number;
  /** By drive: shards on it according to the rows. */
  drives: Record<string, { shards: number; bytes: number }>;
  /** Blobs by `k+m` and number of good shards: `"4+2"` → `{ "6": 120, "5": 1 }`. */
  redundancy: Record<string, Record<string, number>>;
  /** Shards that were never verified since they were written. */
  neverVerified: number;
  /** The oldest last verification; null if there was none. */
  oldestVerifiedMs: number | null;
  /**
   * The oldest time at which a shard was verified, or else written; null if there is none. Absent
   * in counts of earlier versions.
   */
  oldestSeenMs?: number | null;
}

export interface CensusCursor {
  /** Of the walk under way. */
  afterId: string;
  beganMs: number;
  totals: Totals;
  /** The last completed walk. */
  complete: { atMs: number; totals: Totals } | null;
}

/**
 * Counts all blobs by the number of their good shards, and the shards on each drive; a walk may
 * take several runs.
 */
export const census: Job = {
  name: "census",
  async run(store, budget, saved) {
    const cursor = (saved as CensusCursor | null) ?? beginning(store.clock.now(), null);
    let counted = 0;
    while (!budget.isSpent()) {
      const page = await store.metadata.census.blobs(cursor.afterId, BLOBS_PER_PAGE);
      for (const blob of page) count(cursor.totals, blob);
      counted += page.length;
      cursor.afterId = page.at(-1)?.id ?? cursor.afterId;
      if (page.length === BLOBS_PER_PAGE) continue;
      const nowMs = store.clock.now();
      return { report: { counted }, cursor: beginning(nowMs, { atMs: nowMs, totals: cursor.totals }) };
    }
    return { report: { counted }, cursor, isUnfinished: true };
  },
};

function beginning(beganMs: number, complete: CensusCursor["complete"]): CensusCursor {
  const totals: Totals = {
    blobs: 0,
    bytes: 0,
    drives: {},
    redundancy: {},
    neverVerified: 0,
    oldestVerifiedMs: null,
    oldestSeenMs: null,
  };
  return { afterId: "", beganMs, totals, complete };
}

function count(totals: Totals, blob: CountedBlob): void {
  totals.blobs += 1;
  totals.bytes += blob.sizeBytes;
  const bytes = shardBytes({ ...blob, blobBytes: blob.sizeBytes });
  let good = 0;
  blob.shards.forEach((place, shard) => {
    if (!place) return;
    totals.drives[place[0]] ??= { shards: 0, bytes: 0 };
    const drive = totals.drives[place[0]] as { shards: number; bytes: number };
    drive.shards += 1;
    drive.bytes += bytes;
    if (!blob.damaged.includes(shard)) good += 1;
    const verifiedMs = blob.verifiedMs[shard] ?? null;
    const seenMs = verifiedMs ?? parseShardKey(place[1])?.writtenMs ?? 0;
    totals.oldestSeenMs = Math.min(totals.oldestSeenMs ?? seenMs, seenMs);
    if (verifiedMs === null) totals.neverVerified += 1;
    else totals.oldestVerifiedMs = Math.min(totals.oldestVerifiedMs ?? verifiedMs, verifiedMs);
  });
  const geometry = `${blob.k}+${blob.m}`;
  totals.redundancy[geometry] ??= {};
  const counts = totals.redundancy[geometry] as Record<string, number>;
  counts[good] = (counts[good] ?? 0) + 1;
}
