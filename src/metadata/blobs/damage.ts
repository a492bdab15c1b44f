import type { Statement } from "../database.ts";
import type { BlobRow } from "../rows.ts";

/**
 * Why a shard is to be rewritten. `not-written`: its drive failed while the blob was written; `absent`, `corrupt`, `short`: so
 * it was found; `lost`: its drive lost much, perhaps this shard too; `gone`: its drive is not configured any more; `draining`: it is
 * good, but its drive is to be emptied.
 */
export type DamageCause = "not-written" | "absent" | "corrupt" | "short" | "lost" | "gone" | "draining";

export interface FoundDamage {
  blobId: string;
  shard: number;
  cause: DamageCause;
}

/** In how many pieces `spare_shards` tells blobs apart: below nothing there is no difference any more. */
export const SPARE_SHARDS_MIN = -1;

/**
 * Notes damage of blobs that are there, and queues them for healing. What was noted before keeps its time; that a shard is
 * good although it must move is forgotten once it is not.
 */
export function noteDamage(found: readonly FoundDamage[], nowMs: number): Statement[] {
  if (found.length === 0) return [];
  return [
    {
      sql: `INSERT INTO damage (blob_id, shard, cause, noted_ms)
            SELECT f.value ->> 0, f.value ->> 1, f.value ->> 2, ?2 FROM json_each(?1) f
            WHERE EXISTS (SELECT 1 FROM blobs WHERE id = f.value ->> 0 AND condemned_ms IS NULL)
            ON CONFLICT (blob_id, shard) DO UPDATE SET cause = excluded.cause, noted_ms = excluded.noted_ms
            WHERE damage.cause = 'draining' AND excluded.cause <> 'draining'`,
      values: [JSON.stringify(found.map(({ blobId, shard, cause }) => [blobId, shard, cause])), nowMs],
    },
    recount(
      found.map(({ blobId }) => blobId),
      nowMs,
    ),
  ];
}

/** Takes notes away, each of a blob and a shard: the shards were written anew, or are good after all. The blobs must be recounted. */
export function forgetDamage(good: readonly (readonly (string | number)[])[]): Statement[] {
  if (good.length === 0) return [];
  return [
    {
      sql: `DELETE FROM damage WHERE (blob_id, shard) IN (SELECT j.value ->> 0, j.value ->> 1 FROM json_each(?1) j)`,
      values: [JSON.stringify(good)],
    },
  ];
}

/**
 * Counts the blobs' good shards beyond the k that are needed, from their notes. One whose number changed is due for healing at
 * `afterMs`, and its attempts begin again; the others wait as they did.
 */
export function recount(blobIds: readonly string[], afterMs: number): Statement {
  return {
    sql: `UPDATE blobs SET spare_shards = counted.spare, heal_after_ms = ?2, heal_attempts = 0
          FROM (
            SELECT b.id, (
              SELECT CASE WHEN count(*) > 0
                THEN max(${SPARE_SHARDS_MIN}, b.m - count(*) FILTER (WHERE d.cause <> 'draining')) END
              FROM damage d WHERE d.blob_id = b.id
            ) AS spare
            FROM json_each(?1) j CROSS JOIN blobs b ON b.id = j.value
          ) AS counted
          WHERE blobs.id = counted.id AND blobs.spare_shards IS NOT counted.spare`,
    values: [JSON.stringify([...new Set(blobIds)]), afterMs],
  };
}

/** What blobs lack from the beginning. Comes after their rows in the same batch. */
export function noteMissing(blobs: readonly BlobRow[], nowMs: number): Statement[] {
  const found = blobs.flatMap((blob) =>
    blob.shards.flatMap((place, shard): FoundDamage[] =>
      place === null ? [{ blobId: blob.id, shard, cause: "not-written" }] : [],
    ),
  );
  return noteDamage(found, nowMs);
}
