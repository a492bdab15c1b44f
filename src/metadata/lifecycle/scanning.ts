import type { Database } from "../database.ts";
import { isProtected } from "../objects/protection.ts";
import { parseJson, type TagRow } from "../rows.ts";

/** A version as rules look at it. */
export interface LifecycleVersion {
  readonly key: string;
  readonly id: string;
  readonly seq: number;
  readonly isNull: boolean;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly storageClass: string;
  /** As the row has it. */
  readonly tagsText: string | null;
}

/** One of table versions. */
export interface OtherVersion extends LifecycleVersion {
  readonly isMarker: boolean;
  /** As the row has it; of a delete marker it says nothing. */
  readonly noncurrentMs: number;
  /** Of a delete marker: when what its key names now was written; null: the key names nothing. Null for all others. */
  readonly currentMs: number | null;
}

export interface LifecycleUpload {
  readonly key: string;
  readonly id: string;
  readonly initiatedMs: number;
}

/** Which keys come next: those that begin with `prefix`, after `after` (not included) if it is not null. */
export interface PageRange {
  readonly bucketId: number;
  readonly prefix: string;
  readonly after: string | null;
}

type Raw<T> = Omit<T, "isNull" | "isMarker"> & { isNull: number; isMarker?: number };

const COLUMNS = `key, id, seq, is_null AS "isNull", size_bytes AS "sizeBytes", modified_ms AS "modifiedMs",
  storage_class AS "storageClass", tags AS "tagsText"`;

/** Pages of what rules look at, a row read for each. Each method is one round trip. */
export class LifecycleScans {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async objects(range: PageRange, limit: number): Promise<LifecycleVersion[]> {
    const { where, values } = rangeOf(range);
    const rows = await this.#database.all<Raw<LifecycleVersion>>(
      `SELECT ${COLUMNS} FROM objects WHERE ${where} ORDER BY key LIMIT ?4`,
      ...values,
      limit,
    );
    return rows.map((row) => ({ ...row, isNull: row.isNull === 1 }));
  }

  /** By key, the newest of a key first. `belowSeq`: of key `after` those that are older than this come too. */
  async versions(range: PageRange & { belowSeq: number | null }, limit: number): Promise<OtherVersion[]> {
    const { where, values } = rangeOf(range);
    const columns = `${COLUMNS}, is_marker AS "isMarker", noncurrent_ms AS "noncurrentMs",
      CASE WHEN is_marker = 1 THEN (SELECT o.modified_ms FROM objects o WHERE o.bucket_id = v.bucket_id AND o.key = v.key) END
        AS "currentMs"`;
    const page = `SELECT ${columns} FROM versions v WHERE ${where} ORDER BY key, seq DESC LIMIT ?4`;
    const rest = `SELECT ${columns} FROM versions v WHERE bucket_id = ?1 AND key = ?2 AND seq < ?5 ORDER BY seq DESC LIMIT ?4`;
    const { belowSeq } = range;
    const [rows, older] = await this.#database.batch<[Raw<OtherVersion>, Raw<OtherVersion>]>([
      { sql: page, values: [...values, limit] },
      ...(belowSeq === null ? [] : [{ sql: rest, values: [range.bucketId, range.after, null, limit, belowSeq] }]),
    ]);
    return [...(older ?? []), ...rows]
      .slice(0, limit)
      .map((row) => ({ ...row, isNull: row.isNull === 1, isMarker: row.isMarker === 1 }));
  }

  async uploads(range: PageRange & { afterId: string }, limit: number): Promise<LifecycleUpload[]> {
    const { bucketId, prefix, after, afterId } = range;
    return this.#database.all<LifecycleUpload>(
      `SELECT key, id, initiated_ms AS "initiatedMs" FROM uploads
       WHERE bucket_id = ?1 AND ${after === null ? "key >= ?2" : "(key, id) > (?4, ?5)"} AND key < ?2 || CAST(x'FF' AS TEXT)
       ORDER BY key, id LIMIT ?3`,
      ...[bucketId, prefix, limit],
      ...(after === null ? [] : [after, afterId]),
    );
  }

  /** Which of some versions of table versions a lock protects, as `seq key`. */
  async locked(bucketId: number, some: readonly { key: string; seq: number }[], nowMs: number): Promise<Set<string>> {
    if (some.length === 0) return new Set();
    const rows = await this.#database.all<{ key: string; seq: number }>(
      `SELECT v.key, v.seq FROM json_each(?2) e CROSS JOIN versions v
         ON v.bucket_id = ?1 AND v.key = e.value ->> 0 AND v.seq = e.value ->> 1 WHERE ${isProtected("?3", "0")}`,
      bucketId,
      JSON.stringify(some.map(({ key, seq }) => [key, seq])),
      nowMs,
    );
    return new Set(rows.map(({ key, seq }) => `${seq} ${key}`));
  }

  /** Bytes of the parts of some uploads, by their ids. */
  async uploadBytes(ids: readonly string[]): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#database.all<{ id: string; bytes: number }>(
      `SELECT upload_id AS id, sum(size_bytes) AS bytes FROM parts WHERE upload_id IN (SELECT value FROM json_each(?1)) GROUP BY 1`,
      JSON.stringify(ids),
    );
    return new Map(rows.map(({ id, bytes }) => [id, bytes]));
  }
}

function rangeOf({ bucketId, prefix, after }: PageRange): { where: string; values: [number, string | null, string] } {
  // Keys are compared by their bytes, and no UTF-8 has the byte FF.
  const from = after === null ? "key >= ?3 AND ?2 IS NULL" : "key > ?2";
  return { where: `bucket_id = ?1 AND ${from} AND key < ?3 || CAST(x'FF' AS TEXT)`, values: [bucketId, after, prefix] };
}

/** The tags of a version. */
export function tagsOf({ tagsText }: Pick<LifecycleVersion, "tagsText">): readonly TagRow[] {
  return parseJson<TagRow[]>(tagsText) ?? [];
}
