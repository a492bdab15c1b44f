import type { Database, Statement } from "./database.ts";
import { type ChecksumRow, parseJson } from "./rows.ts";

/**
 * Listing by seeks. Keys are compared by their UTF-8 bytes and hold no U+0000, so two appended bytes say where to go on:
 * after key K: from K‖01, after all keys that begin with K: from K‖FF (no UTF-8 text holds FF). A page with a delimiter is
 * one recursive query that seeks from common prefix to common prefix and never reads the keys under one.
 */
export interface ListPosition {
  /** Exclusive; "" from the start. */
  key: string;
  /** Also pass over every key that begins with `key`: it is a common prefix that was listed. */
  skipPrefix: boolean;
}

export interface ListQuery {
  bucket: string;
  prefix: string;
  /** "" for none. */
  delimiter: string;
  after: ListPosition;
  limit: number;
}

export interface ListedObject {
  kind: "object";
  key: string;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  storageClass: string;
  checksum: ChecksumRow | null;
}

export interface ListedPrefix {
  kind: "prefix";
  prefix: string;
}

export interface ListedUpload {
  kind: "upload";
  key: string;
  id: string;
  owner: string;
  initiatedMs: number;
  storageClass: string;
  checksumAlgorithm: string | null;
  checksumType: string | null;
}

export interface UploadPosition {
  key: string;
  /** Uploads of `key` up to this one are passed over; without it, all of them are. */
  uploadId?: string;
  skipPrefix?: boolean;
}

const TOP = "CAST(x'FF' AS TEXT)";
/** Smallest place at or after which the page may begin. ?2 prefix, ?3 after, ?4 skipPrefix. */
const FROM = `max(?2, CASE WHEN ?4 = 1 THEN ?3 || ${TOP} WHEN ?3 = '' THEN '' ELSE ?3 || char(1) END)`;
const BUCKET_ID = "(SELECT id FROM buckets WHERE name = ?1)";
const OBJECT_COLUMNS = `o.key, o.size_bytes AS "sizeBytes", o.etag, o.modified_ms AS "modifiedMs",
  o.storage_class AS "storageClass", o.checksum`;
const UPLOAD_COLUMNS = `u.key, u.id, u.owner, u.initiated_ms AS "initiatedMs", u.storage_class AS "storageClass",
  u.checksum_algorithm AS "checksumAlgorithm", u.checksum_type AS "checksumType"`;
/** The common prefix of key `k`, or null: ?5 delimiter, ?7 characters of the prefix. */
const commonPrefix = (k: string) =>
  `CASE WHEN instr(substr(${k}, ?7 + 1), ?5) > 0
     THEN substr(${k}, 1, ?7 + instr(substr(${k}, ?7 + 1), ?5) - 1 + length(?5)) END`;

type RawListed = Omit<ListedObject, "kind" | "checksum"> & { checksum: string | null; rolled?: string | null };
type RawUpload = Omit<ListedUpload, "kind"> & { rolled?: string | null };

export class ListingQueries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Objects and common prefixes in key order, one more than `limit` where there are more; null: no such bucket. */
  async objects(query: ListQuery): Promise<(ListedObject | ListedPrefix)[] | null> {
    const page = query.delimiter === "" ? flatPage(query) : delimitedPage(query);
    const [buckets, rows] = await this.#database.batch<[{ id: number }, RawListed]>([bucketNamed(query.bucket), page]);
    if (buckets.length === 0) return null;
    return rows.map(({ rolled, checksum, ...row }) =>
      typeof rolled === "string"
        ? { kind: "prefix", prefix: rolled }
        : { kind: "object", ...row, checksum: parseJson<ChecksumRow>(checksum) },
    );
  }

  /** Unfinished uploads by key and then by id, which is order of initiation; otherwise as `objects`. */
  async uploads(
    query: Omit<ListQuery, "after"> & { after: UploadPosition },
  ): Promise<(ListedUpload | ListedPrefix)[] | null> {
    const page = uploadPage(query);
    const [buckets, rows] = await this.#database.batch<[{ id: number }, RawUpload]>([bucketNamed(query.bucket), page]);
    if (buckets.length === 0) return null;
    return rows.map(({ rolled, ...row }) =>
      typeof rolled === "string" ? { kind: "prefix", prefix: rolled } : { kind: "upload", ...row },
    );
  }
}

function bucketNamed(name: string): Statement {
  return { sql: "SELECT id FROM buckets WHERE name = ?1", values: [name] };
}

function flatPage({ bucket, prefix, after, limit }: ListQuery): Statement {
  return {
    sql: `SELECT ${OBJECT_COLUMNS} FROM objects o
          WHERE o.bucket_id = ${BUCKET_ID} AND o.key >= ${FROM} AND o.key < ?2 || ${TOP} ORDER BY o.key LIMIT ?5`,
    values: [bucket, prefix, after.key, after.skipPrefix ? 1 : 0, limit + 1],
  };
}

function delimitedPage({ bucket, prefix, delimiter, after, limit }: ListQuery): Statement {
  const next = (from: string) => `(SELECT key FROM objects
     WHERE bucket_id = ${BUCKET_ID} AND key >= ${from} AND key < ?2 || ${TOP} ORDER BY key LIMIT 1)`;
  const beyond = `CASE WHEN p.rolled IS NULL THEN p.key || char(1) ELSE p.rolled || ${TOP} END`;
  return {
    sql: `WITH RECURSIVE page (n, key, rolled) AS (
            SELECT 1, first.key, ${commonPrefix("first.key")} FROM (SELECT ${next(FROM)} AS key) first
            WHERE first.key IS NOT NULL
            UNION ALL
            SELECT following.n, following.key, ${commonPrefix("following.key")}
            FROM (SELECT p.n + 1 AS n, ${next(beyond)} AS key FROM page p WHERE p.n < ?6) following
            WHERE following.key IS NOT NULL
          )
          SELECT p.rolled, ${OBJECT_COLUMNS}
          FROM page p LEFT JOIN objects o ON p.rolled IS NULL AND o.bucket_id = ${BUCKET_ID} AND o.key = p.key
          ORDER BY p.n`,
    values: [bucket, prefix, after.key, after.skipPrefix ? 1 : 0, delimiter, limit + 1, [...prefix].length],
  };
}

function uploadPage({
  bucket,
  prefix,
  delimiter,
  after,
  limit,
}: Omit<ListQuery, "after"> & { after: UploadPosition }): Statement {
  // A place is (key, upload id). Without an id, the uploads of the marker's key are passed over.
  const start = after.uploadId === undefined ? FROM : "max(?2, ?3)";
  const startId = "CASE WHEN ?8 <> '' AND ?3 >= ?2 THEN ?8 ELSE '' END";
  const next = (key: string, id: string) => `(SELECT json_array(key, id) FROM uploads
     WHERE bucket_id = ${BUCKET_ID} AND (key, id) > (${key}, ${id}) AND key < ?2 || ${TOP} ORDER BY key, id LIMIT 1)`;
  const rolled = `CASE WHEN ?5 <> '' THEN ${commonPrefix("json_extract(place, '$[0]')")} END`;
  const beyondKey = `CASE WHEN p.rolled IS NULL THEN json_extract(p.place, '$[0]') ELSE p.rolled || ${TOP} END`;
  const beyondId = `CASE WHEN p.rolled IS NULL THEN json_extract(p.place, '$[1]') ELSE '' END`;
  return {
    sql: `WITH RECURSIVE page (n, place, rolled) AS (
            SELECT 1, place, ${rolled} FROM (SELECT ${next(start, startId)} AS place) WHERE place IS NOT NULL
            UNION ALL
            SELECT n, place, ${rolled}
            FROM (SELECT p.n + 1 AS n, ${next(beyondKey, beyondId)} AS place FROM page p WHERE p.n < ?6)
            WHERE place IS NOT NULL
          )
          SELECT p.rolled, ${UPLOAD_COLUMNS}
          FROM page p LEFT JOIN uploads u ON p.rolled IS NULL AND u.bucket_id = ${BUCKET_ID}
            AND u.key = json_extract(p.place, '$[0]') AND u.id = json_extract(p.place, '$[1]')
          ORDER BY p.n`,
    values: [
      bucket,
      prefix,
      after.key,
      after.skipPrefix ? 1 : 0,
      delimiter,
      limit + 1,
      [...prefix].length,
      after.uploadId ?? "",
    ],
  };
}
