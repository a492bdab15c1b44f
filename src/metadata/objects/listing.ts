import type { AccessMemory } from "../buckets/access-memory.ts";
import { findBucket } from "../buckets/buckets.ts";
import type { Database, Statement } from "../database.ts";
import { type BucketRow, type ChecksumRow, parseJson, type RawBucket } from "../rows.ts";

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
  /** Canonical id of its owner; null: the bucket's. */
  owner: string | null;
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

export interface ListedVersion {
  kind: "version";
  key: string;
  id: string;
  seq: number;
  isNull: boolean;
  isMarker: boolean;
  /** The key names it now, or it is the delete marker that hides the key. */
  isLatest: boolean;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  storageClass: string;
  checksum: ChecksumRow | null;
  /** Canonical id of its owner; null: the bucket's. */
  owner: string | null;
}

/** A page, and the bucket that it is of. */
export interface FoundPage<Entry> {
  bucket: BucketRow;
  entries: Entry[];
}

export interface VersionPosition {
  key: string;
  /** Versions of `key` down to this one ("null": the null version) are passed over; without it, all of them are. */
  seq?: number | "null";
  skipPrefix?: boolean;
}

export type VersionQuery = Omit<ListQuery, "after"> & { after: VersionPosition };

export interface UploadPosition {
  key: string;
  /** Uploads of `key` up to this one are passed over; without it, all of them are. */
  uploadId?: string;
  skipPrefix?: boolean;
}

export type UploadQuery = Omit<ListQuery, "after"> & { after: UploadPosition };

const TOP = "CAST(x'FF' AS TEXT)";
/** Smallest place at or after which the page may begin. ?2 prefix, ?3 after, ?4 skipPrefix. */
const FROM = `max(?2, CASE WHEN ?4 = 1 THEN ?3 || ${TOP} WHEN ?3 = '' THEN '' ELSE ?3 || char(1) END)`;
const BUCKET_ID = "(SELECT id FROM buckets WHERE name = ?1)";
/**
 * The owner's canonical id, where the bucket has access settings (`hasAccess`, SQL) at all: otherwise all is its owner's, and the
 * column, which lies behind the others, is not read.
 */
const ownerColumn = (hasAccess: string) => `CASE WHEN ${hasAccess} THEN attributes ->> '$.owner.id' END`;
const OF_FLAT = "(SELECT access_id FROM buckets WHERE name = ?1) IS NOT NULL";
const objectColumns = (hasAccess: string) =>
  `key, size_bytes, etag, modified_ms, storage_class, checksum, ${ownerColumn(hasAccess)}`;
const UPLOAD_COLUMNS = "key, id, owner, initiated_ms, storage_class, checksum_algorithm, checksum_type";
const FOUND_KEY = "json_extract(p.found, '$[0]')";
/** The common prefix of a key, or null. ?5 delimiter ("" for none), ?7 characters of the prefix. */
const rolledOf = (key: string) => `CASE WHEN ?5 <> '' AND instr(substr(${key}, ?7 + 1), ?5) > 0
  THEN substr(${key}, 1, ?7 + instr(substr(${key}, ?7 + 1), ?5) - 1 + length(?5)) END`;
const ROLLED = rolledOf(FOUND_KEY);

/** A page's row: the columns of what was found, as a JSON array, or the common prefix that it falls under. */
interface RawEntry {
  found: string;
  rolled: string | null;
}

export class ListingQueries {
  readonly #database: Database;
  readonly #memory: AccessMemory;

  constructor(database: Database, memory: AccessMemory) {
    this.#database = database;
    this.#memory = memory;
  }

  /** Objects and common prefixes in key order, one more than `limit` if there are more; null: no such bucket. */
  objects(query: ListQuery): Promise<FoundPage<ListedObject | ListedPrefix> | null> {
    return this.#page(query.bucket, query.delimiter === "" ? flatPage(query) : delimitedPage(query), listedObject);
  }

  /** Unfinished uploads by key and then by id, which is order of initiation; otherwise as `objects`. */
  uploads(query: UploadQuery): Promise<FoundPage<ListedUpload | ListedPrefix> | null> {
    return this.#page(query.bucket, uploadPage(query), listedUpload);
  }

  /** Versions and delete markers by key, newest first; otherwise as `objects`. */
  versions(query: VersionQuery): Promise<FoundPage<ListedVersion | ListedPrefix> | null> {
    const page = query.delimiter === "" ? flatVersions(query) : delimitedVersions(query);
    return this.#page(query.bucket, page, listedVersion);
  }

  async #page<Columns, Entry>(
    name: string,
    page: Statement,
    parse: (found: Columns) => Entry,
  ): Promise<FoundPage<Entry | ListedPrefix> | null> {
    const known = this.#memory.of(name);
    const [[bucket], rows] = await this.#database.batch<[RawBucket, RawEntry]>([findBucket(name, known), page]);
    if (!bucket) return null;
    // One call for all rows of the page.
    const columns: Columns[] = JSON.parse(
      `[${rows.map(({ found, rolled }) => (rolled === null ? found : "null")).join(",")}]`,
    );
    const entries = rows.map(({ rolled }, at) =>
      rolled === null ? parse(columns[at] as Columns) : prefixEntry(rolled),
    );
    return { bucket: this.#memory.complete(bucket, known), entries };
  }
}

function prefixEntry(prefix: string): ListedPrefix {
  return { kind: "prefix", prefix };
}

type ObjectColumns = [string, number, string, number, string, string | null, string | null];

function listedObject(found: ObjectColumns): ListedObject {
  const [key, sizeBytes, etag, modifiedMs, storageClass, checksumText, owner] = found;
  const checksum = parseJson<ChecksumRow>(checksumText);
  return { kind: "object", key, sizeBytes, etag, modifiedMs, storageClass, checksum, owner };
}

type UploadColumns = [string, string, string, number, string, string | null, string | null];

function listedUpload(found: UploadColumns): ListedUpload {
  const [key, id, owner, initiatedMs, storageClass, checksumAlgorithm, checksumType] = found;
  return { kind: "upload", key, id, owner, initiatedMs, storageClass, checksumAlgorithm, checksumType };
}

function listedVersion(found: VersionColumns): ListedVersion {
  const [key, seq, id, isNull, isMarker, isLatest, sizeBytes, etag, modifiedMs, storageClass, checksum, owner] = found;
  const flags = { isNull: isNull === 1, isMarker: isMarker === 1, isLatest: isLatest === 1 };
  const parsed = parseJson<ChecksumRow>(checksum);
  return {
    kind: "version",
    key,
    id,
    seq,
    ...flags,
    sizeBytes,
    etag,
    modifiedMs,
    storageClass,
    checksum: parsed,
    owner,
  };
}

type VersionColumns = [
  key: string,
  seq: number,
  id: string,
  isNull: number,
  isMarker: number,
  isLatest: number,
  sizeBytes: number,
  etag: string,
  modifiedMs: number,
  storageClass: string,
  checksum: string | null,
  owner: string | null,
];

function flatPage({ bucket, prefix, after, limit }: ListQuery): Statement {
  return {
    sql: `SELECT json_array(${objectColumns(OF_FLAT)}) AS found, NULL AS rolled FROM objects
          WHERE bucket_id = ${BUCKET_ID} AND key >= ${FROM} AND key < ?2 || ${TOP} ORDER BY key LIMIT ?5`,
    values: [bucket, prefix, after.key, after.skipPrefix ? 1 : 0, limit + 1],
  };
}

/**
 * One seek for each entry, and not a row more: what a seek finds travels through the recursion as a JSON array, so that it
 * need not be looked up again.
 */
function seekingPage(bucketSeek: { first: string; following: string }): string {
  return `WITH RECURSIVE page (n, bucket_id, has_access, found) AS (
            SELECT 1, b.id, b.access_id IS NOT NULL, ${bucketSeek.first} FROM buckets b WHERE b.name = ?1
            UNION ALL
            SELECT p.n + 1, p.bucket_id, p.has_access, ${bucketSeek.following} FROM page p WHERE p.n < ?6 AND p.found IS NOT NULL
          )
          SELECT found, ${ROLLED} AS rolled FROM page p WHERE found IS NOT NULL`;
}

/** The bucket in the first row of a recursion, and in the others. SQL. */
interface SeekBucket {
  id: string;
  hasAccess: string;
}
const FIRST: SeekBucket = { id: "b.id", hasAccess: "b.access_id IS NOT NULL" };
const FOLLOWING: SeekBucket = { id: "p.bucket_id", hasAccess: "p.has_access" };

function delimitedPage({ bucket, prefix, delimiter, after, limit }: ListQuery): Statement {
  const seek = (
    within: SeekBucket,
    from: string,
  ) => `(SELECT json_array(${objectColumns(within.hasAccess)}) FROM objects
     WHERE bucket_id = ${within.id} AND key >= ${from} AND key < ?2 || ${TOP} ORDER BY key LIMIT 1)`;
  const beyond = `coalesce(${ROLLED} || ${TOP}, ${FOUND_KEY} || char(1))`;
  return {
    sql: seekingPage({ first: seek(FIRST, FROM), following: seek(FOLLOWING, beyond) }),
    values: [bucket, prefix, after.key, after.skipPrefix ? 1 : 0, delimiter, limit + 1, [...prefix].length],
  };
}

/** A place among uploads is (key, upload id). Without an id, all uploads of the marker's key are passed over. */
function uploadPage({ bucket, prefix, delimiter, after, limit }: UploadQuery): Statement {
  const start = after.uploadId === undefined ? FROM : "max(?2, ?3)";
  const startId = "CASE WHEN ?8 <> '' AND ?3 >= ?2 THEN ?8 ELSE '' END";
  const seek = (bucketId: string, key: string, id: string) => `(SELECT json_array(${UPLOAD_COLUMNS}) FROM uploads
     WHERE bucket_id = ${bucketId} AND (key, id) > (${key}, ${id}) AND key < ?2 || ${TOP} ORDER BY key, id LIMIT 1)`;
  const beyondKey = `coalesce(${ROLLED} || ${TOP}, ${FOUND_KEY})`;
  const beyondId = `CASE WHEN ${ROLLED} IS NULL THEN json_extract(p.found, '$[1]') ELSE '' END`;
  const marker = [after.key, after.skipPrefix ? 1 : 0];
  return {
    sql: seekingPage({ first: seek("b.id", start, startId), following: seek("p.bucket_id", beyondKey, beyondId) }),
    values: [bucket, prefix, ...marker, delimiter, limit + 1, [...prefix].length, after.uploadId ?? ""],
  };
}

const currentVersion = (hasAccess: string) => `json_array(key, seq, id, is_null, 0, 1, size_bytes, etag, modified_ms,
  storage_class, checksum, ${ownerColumn(hasAccess)})`;
const IS_UNNAMED = "NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = w.bucket_id AND o.key = w.key)";
/**
 * A row of `versions`. A marker is the latest where nothing newer is there; any other row of `versions` is not. `newest`: the first
 * row that its key has in `versions`; `older`: one that follows another.
 */
const IS_LATEST_MARKER = {
  any: `${IS_UNNAMED} AND NOT EXISTS
  (SELECT 1 FROM versions n WHERE n.bucket_id = w.bucket_id AND n.key = w.key AND n.seq > w.seq)`,
  newest: IS_UNNAMED,
  older: "0",
};
const otherVersion = (
  kind: keyof typeof IS_LATEST_MARKER,
  hasAccess: string,
) => `json_array(key, seq, id, is_null, is_marker,
  CASE is_marker WHEN 1 THEN ${IS_LATEST_MARKER[kind]} ELSE 0 END, size_bytes, etag, modified_ms, storage_class, checksum,
  ${ownerColumn(hasAccess)})`;

const nullSeq = (table: string) =>
  `(SELECT n.seq FROM ${table} n WHERE n.bucket_id = ${BUCKET_ID} AND n.key = ?3 AND n.is_null = 1)`;
/** If the null version is gone, "null" is no place any more: repeat versions rather than skip one. */
const MARKER_SEQ = `CASE WHEN ?8 = 'null' THEN coalesce(${nullSeq("objects")}, ${nullSeq("versions")}, 1 << 53) ELSE ?8 END`;
const OLDER_OF_MARKER = `?8 IS NOT NULL AND ?3 >= ?2 AND key = ?3 AND seq < ${MARKER_SEQ}`;

function versionValues({ bucket, prefix, delimiter, after, limit }: VersionQuery): Statement["values"] {
  const marker = [after.key, after.skipPrefix ? 1 : 0];
  return [bucket, prefix, ...marker, delimiter, limit + 1, [...prefix].length, after.seq ?? null];
}

/**
 * What is left of the marker's key, and then both tables merged, newest first within a key. The current version is among what is
 * left if it was promoted since: the versions that were listed before it are deleted then.
 */
function flatVersions(query: VersionQuery): Statement {
  const beyond = `bucket_id = ${BUCKET_ID} AND key >= ${FROM} AND key < ?2 || ${TOP}`;
  const left = `bucket_id = ${BUCKET_ID} AND ${OLDER_OF_MARKER}`;
  return {
    sql: `SELECT found, NULL AS rolled FROM (
            SELECT key, seq, ${currentVersion(OF_FLAT)} AS found FROM objects WHERE ${left}
            UNION ALL SELECT key, seq, ${otherVersion("any", OF_FLAT)} FROM versions w WHERE ${left}
            UNION ALL SELECT key, seq, ${currentVersion(OF_FLAT)} FROM objects WHERE ${beyond}
            UNION ALL SELECT key, seq, ${otherVersion("any", OF_FLAT)} FROM versions w WHERE ${beyond}
            ORDER BY key, seq DESC LIMIT ?6)`,
    values: versionValues(query),
  };
}

/**
 * Both tables are merged: `o` is the next row of objects and `w` that of versions, as JSON arrays, of which the lesser key is
 * found, and the current version before the older ones of its key. A step seeks again only in the table whose row it passes over:
 * a row is read once.
 */
function delimitedVersions(query: VersionQuery): Statement {
  const [objectKey, versionKey] = ["json_extract(p.o, '$[0]')", "json_extract(p.w, '$[0]')"];
  const foundKey = `min(coalesce(${objectKey}, ${versionKey}), coalesce(${versionKey}, ${objectKey}))`;
  const isObject = `p.o IS NOT NULL AND (p.w IS NULL OR ${objectKey} <= ${versionKey})`;
  const rolled = rolledOf(foundKey);
  const beyond = `coalesce(${rolled} || ${TOP}, ${foundKey} || char(1))`;
  const object = (bucket: SeekBucket, from: string) => `(SELECT ${currentVersion(bucket.hasAccess)} FROM objects
     WHERE bucket_id = ${bucket.id} AND key >= ${from} AND key < ?2 || ${TOP} ORDER BY key LIMIT 1)`;
  const promoted = `(SELECT ${currentVersion(FIRST.hasAccess)} FROM objects
     WHERE bucket_id = b.id AND ${OLDER_OF_MARKER})`;
  const newest = (
    bucket: SeekBucket,
    from: string,
  ) => `(SELECT ${otherVersion("newest", bucket.hasAccess)} FROM versions w
     WHERE bucket_id = ${bucket.id} AND key >= ${from} AND key < ?2 || ${TOP} ORDER BY key, seq DESC LIMIT 1)`;
  const older = (
    bucket: SeekBucket,
    kind: "any" | "older",
    which: string,
  ) => `(SELECT ${otherVersion(kind, bucket.hasAccess)}
     FROM versions w WHERE bucket_id = ${bucket.id} AND ${which} ORDER BY seq DESC LIMIT 1)`;
  const olderOfFound = `${rolled} IS NULL AND key = ${versionKey} AND seq < json_extract(p.w, '$[1]')`;
  return {
    sql: `WITH RECURSIVE page (n, bucket_id, has_access, o, w) AS (
            SELECT 1, b.id, b.access_id IS NOT NULL, coalesce(${promoted}, ${object(FIRST, FROM)}),
              coalesce(${older(FIRST, "any", OLDER_OF_MARKER)}, ${newest(FIRST, FROM)})
            FROM buckets b WHERE b.name = ?1
            UNION ALL
            SELECT p.n + 1, p.bucket_id, p.has_access,
              CASE WHEN ${objectKey} < ${beyond} THEN ${object(FOLLOWING, beyond)} ELSE p.o END,
              CASE WHEN ${rolled} IS NULL AND ${isObject} THEN p.w
                WHEN ${versionKey} < ${beyond} THEN coalesce(
                  ${older(FOLLOWING, "older", olderOfFound)}, ${newest(FOLLOWING, beyond)})
                ELSE p.w END
            FROM page p WHERE p.n < ?6 AND (p.o IS NOT NULL OR p.w IS NOT NULL)
          )
          SELECT CASE WHEN ${isObject} THEN p.o ELSE p.w END AS found, ${rolled} AS rolled
          FROM page p WHERE p.o IS NOT NULL OR p.w IS NOT NULL`,
    values: versionValues(query),
  };
}
