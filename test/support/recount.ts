import type { DatabaseSync } from "node:sqlite";

/** What the counters of each bucket should say, by counting rows. */
export const RECOUNT = `SELECT b.id AS bucket_id,
  (SELECT coalesce(sum(size_bytes), 0) FROM objects o WHERE o.bucket_id = b.id)
    + (SELECT coalesce(sum(size_bytes), 0) FROM versions v WHERE v.bucket_id = b.id) AS bytes,
  (SELECT count(*) FROM objects o WHERE o.bucket_id = b.id)
    + (SELECT count(*) FROM versions v WHERE v.bucket_id = b.id AND v.is_marker = 0) AS versions,
  (SELECT count(*) FROM objects o WHERE o.bucket_id = b.id) AS objects,
  (SELECT count(*) FROM versions v WHERE v.bucket_id = b.id AND v.is_marker = 1) AS markers
FROM buckets b ORDER BY b.id`;

/** The counters and the recount, of all buckets, those included that are not counted yet. */
export function countersAndRecount(database: DatabaseSync): { kept: unknown[]; counted: unknown[] } {
  return {
    kept: database
      .prepare("SELECT bucket_id, bytes, versions, objects, markers FROM usage ORDER BY bucket_id")
      .all()
      .map((row) => ({ ...row })),
    counted: database
      .prepare(RECOUNT)
      .all()
      .map((row) => ({ ...row })),
  };
}
