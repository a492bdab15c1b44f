import { require, type Statement } from "../database.ts";
import type { BucketRow } from "../rows.ts";

/**
 * S3's rules of versioning, in one place. `objects` holds the version that each key names now, `versions` all others and
 * every delete marker; a key has a row in `objects` exactly if its newest version is not a marker. Within a key, `seq` is the
 * order of commits. What is written while versioning is not enabled is the key's one null version.
 *
 * | bucket | a new version or marker | what the key named before |
 * |---|---|---|
 * | never versioned | null version; deleting leaves no marker | dropped |
 * | enabled | with an id of its own | kept in `versions` |
 * | suspended | the null version | the null version is dropped, wherever it is; another is kept |
 *
 * Each function returns statements of one D1 batch. Keys come as one JSON parameter, so that one key and a thousand are the same.
 */

/** Columns that `objects` and `versions` share. */
export const SHARED_COLUMNS = `bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, checksum, tags,
  retain_until_ms, retain_mode, legal_hold, attributes, parts, extents, inline_body, event_hold, annotations`;

/** The bucket as an operation found it: its rules hold only while they are what they were. */
export type RuledBucket = Pick<BucketRow, "id" | "versioning" | "objectLock" | "accessId" | "notificationId">;

/** SQL that picks keys of bucket ?1, and its parameter, ?2. */
export interface PickedKeys {
  where: string;
  value: string;
}

/** These keys. One key is not wrapped in JSON: D1 counts the rows of a list as read. */
export function ofKeys(keys: readonly string[]): PickedKeys {
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) return { where: "key = ?2", value: only };
  return { where: "key IN (SELECT value FROM json_each(?2))", value: JSON.stringify(keys) };
}

/** Fails the batch with bucket_changed unless the bucket is there and has the rules that it was found with. */
export function requireRules(bucket: RuledBucket): Statement {
  const { id, versioning, objectLock, accessId, notificationId } = bucket;
  const unchanged = `EXISTS (SELECT 1 FROM buckets WHERE id = ?1 AND versioning IS ?2 AND object_lock IS ?3 AND access_id IS ?4
    AND notification_id IS ?5)`;
  return require("bucket_changed", unchanged, [id, versioning, objectLock, accessId, notificationId]);
}

/**
 * Keeps or drops what the keys name now, which is about to be replaced in `objects` or deleted from it, unless it is `exceptId`:
 * our own commit, repeated.
 */
export function makeRoom(bucket: RuledBucket, { where, value }: PickedKeys, nowMs: number, exceptId = ""): Statement[] {
  const values = [bucket.id, value, nowMs, exceptId];
  const current = `FROM objects WHERE bucket_id = ?1 AND ${where} AND id <> ?4`;
  const statements: Statement[] = [];
  if (bucket.versioning !== "enabled") {
    statements.push({
      sql: trashVersions(`${current} AND is_null = 1`),
      values,
    });
  }
  if (bucket.versioning !== null) {
    const kept = bucket.versioning === "enabled" ? "" : "AND is_null = 0";
    statements.push({
      sql: `INSERT INTO versions (${SHARED_COLUMNS}, is_marker, noncurrent_ms) SELECT ${SHARED_COLUMNS}, 0, ?3 ${current} ${kept}`,
      values,
    });
  }
  if (bucket.versioning === "suspended") statements.push(...dropNullVersions(where, values.slice(0, 3)));
  return statements;
}

/**
 * SQL that puts into the trash what dropped versions hold: their extents, and that they have annotations. `versions`: FROM and WHERE
 * of one of the tables of versions; ?3 is now.
 */
export function trashVersions(versions: string): string {
  return `INSERT OR IGNORE INTO trash (dropped_ms, id, extents, annotations)
          SELECT ?3, id, coalesce(extents, '[]'), annotations ${versions} AND (extents IS NOT NULL OR annotations > 0)`;
}

/** Drops the null versions of the keys that are not current. `where` may ask for ?3, and D1 takes no parameter that a statement does not name. */
function dropNullVersions(where: string, values: (string | number | null)[]): Statement[] {
  const nulls = `FROM versions WHERE bucket_id = ?1 AND ${where} AND is_null = 1`;
  return [
    { sql: trashVersions(nulls), values },
    { sql: `DELETE ${nulls} AND ?3 IS NOT NULL`, values },
  ];
}

/** SQL for the `seq` of the next version of a key, once `makeRoom` has run. `key` and `bucketId` are SQL. */
export function nextSeq(bucketId: string, key: string): string {
  return `1 + coalesce((SELECT seq FROM versions v WHERE v.bucket_id = ${bucketId} AND v.key = ${key}
    ORDER BY v.seq DESC LIMIT 1), 0)`;
}

/**
 * Puts delete markers on top of the keys; their rows come back. [key, marker id, …] each. `only`: SQL over a row `m` of the
 * list that says which of them.
 */
export function placeMarkers(
  bucket: RuledBucket,
  markers: readonly (readonly [key: string, id: string, ...unknown[]])[],
  nowMs: number,
  only = "true",
): Statement {
  return {
    sql: `INSERT INTO versions (bucket_id, key, id, seq, is_null, is_marker, noncurrent_ms, size_bytes, etag, modified_ms,
            storage_class, attributes)
          SELECT ?1, m.value ->> 0, m.value ->> 1, ${nextSeq("?1", "m.value ->> 0")}, ?4, 1, ?3, 0, '', ?3, 'STANDARD', '{}'
          FROM json_each(?2) m WHERE ${only}
          RETURNING key, id, seq, is_null AS "isNull"`,
    values: [bucket.id, JSON.stringify(markers), nowMs, bucket.versioning === "enabled" ? 0 : 1],
  };
}

/** After a removal: a key without a current version gets the newest one that it still has, unless that is a marker. */
export function promote(bucket: string, keys: readonly string[]): Statement[] {
  const values = [bucket, JSON.stringify(keys)];
  const bucketId = "(SELECT id FROM buckets WHERE name = ?1)";
  const newest = `SELECT seq FROM versions t WHERE t.bucket_id = ${bucketId} AND t.key = k.value ORDER BY seq DESC LIMIT 1`;
  return [
    {
      sql: `INSERT INTO objects (${SHARED_COLUMNS}) SELECT ${SHARED_COLUMNS.replace("key,", "v.key,").replace(" id,", " v.id,")}
            FROM json_each(?2) k CROSS JOIN versions v ON v.bucket_id = ${bucketId} AND v.key = k.value AND v.seq = (${newest})
            WHERE v.is_marker = 0
              AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = v.bucket_id AND o.key = v.key)`,
      values,
    },
    {
      // What was promoted is in both tables now.
      sql: `DELETE FROM versions WHERE bucket_id = ${bucketId} AND (key, seq) IN
              (SELECT o.key, o.seq FROM json_each(?2) k CROSS JOIN objects o ON o.bucket_id = ${bucketId} AND o.key = k.value)`,
      values,
    },
  ];
}
