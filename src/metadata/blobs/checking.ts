import type { Database } from "../database.ts";
import { type BlobRow, type ChecksumRow, type ExtentRow, parseBlob, parseJson, type RawBlob } from "../rows.ts";

/** Tables whose rows name blobs and have a place of their own. */
export type CheckedTable = "objects" | "versions" | "parts" | "annotations";

export type RowFlaw =
  | "row-without-blob"
  | "row-beyond-blob"
  | "row-without-reference"
  | "row-of-other-size"
  | "row-without-owner";

export interface FlawedRow {
  /** Names the row for a person: bucket, key and version id, or upload and part. */
  what: string;
  flaws: RowFlaw[];
}

/** Primary key of the last row looked at; null: at the beginning. */
export type CheckPlace = (string | number)[] | null;

/** A blob's row with what is said of it elsewhere. */
export interface CheckedBlob extends BlobRow {
  isHeld: boolean;
}

/** A version whose bytes are known by more than their frames. */
export interface CheckedBody {
  bucket: string;
  key: string;
  id: string;
  sizeBytes: number;
  etag: string;
  checksum: ChecksumRow | null;
  extents: ExtentRow[];
  inlineBody: string | null;
  bucketId: number;
  /** JSON that the store wrote. */
  attributes: unknown;
  /** An annotation that is encrypted: its key is in the row of its version. */
  isSealedApart: boolean;
}

/** What sealing adds to bytes in a row (`sealedOverheadBytes`). */
const SEALED_OVERHEAD = `CASE WHEN attributes ->> '$.encryption.form' IS NULL OR inline_body = '' THEN 0
  WHEN attributes ->> '$.encryption.form' = 'aws:kms:dsse' THEN 48 ELSE 32 END`;

const LAYERS_OVERHEAD = "CASE layers WHEN 0 THEN 0 WHEN 1 THEN 32 ELSE 48 END";

const ROOT_SEALED =
  "CASE WHEN attributes ->> '$.encryption.form' = 'AES256' THEN attributes ->> '$.encryption.sealed' END";

type CheckedRow = { place: string; what: string; sealed: string | null } & Record<string, string | number | null>;

export interface CheckedRows {
  flawed: FlawedRow[];
  rows: number;
  /** Keys that root secrets sealed (SSE-S3), by the name of their row. */
  sealedKeys: { what: string; sealed: string }[];
  next: CheckPlace;
}

const ROWS_PER_PAGE = 200;
const BODIES_PER_PAGE = 8;
const SURPLUS_MAX = 100;

const KEYS: Record<CheckedTable, readonly string[]> = {
  objects: ["bucket_id", "key"],
  versions: ["bucket_id", "key", "seq"],
  parts: ["upload_id", "part_number"],
  annotations: ["version_id", "name"],
};

/** SQL over a row `o` of each table: its inline bytes, whether it is a delete marker, whether what it belongs to is there, its name. */
const ROWS: Record<CheckedTable, { inline: string; marker: string; hasOwner: string; what: string }> = (() => {
  const version = {
    inline: "inline_body",
    hasOwner: "EXISTS (SELECT 1 FROM buckets b WHERE b.id = o.bucket_id)",
    what: "coalesce((SELECT name FROM buckets b WHERE b.id = o.bucket_id), bucket_id) || '/' || key || ' version ' || id",
  };
  return {
    objects: { ...version, marker: "0" },
    versions: { ...version, marker: "is_marker" },
    parts: {
      inline: "NULL",
      marker: "0",
      hasOwner: "EXISTS (SELECT 1 FROM uploads u WHERE u.id = o.upload_id)",
      what: "'upload ' || upload_id || ' part ' || part_number",
    },
    // Whether there are as many as their versions say is `strayAnnotations`' to find: versions cannot be looked up by id.
    annotations: {
      inline: "inline_body",
      marker: "0",
      hasOwner: "1",
      what: "'annotation ' || name || ' of version ' || version_id",
    },
  };
})();

/** What checking everything against everything asks of D1. Changes nothing. Each method is one round trip. */
export class CheckingTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The next rows: do their extents cover their size, lie in blobs that are there, and hold them? */
  async rows(table: CheckedTable, after: CheckPlace): Promise<CheckedRows> {
    const { inline, marker, hasOwner, what } = ROWS[table];
    const hasEncryption = table === "objects" || table === "versions";
    const overhead = hasEncryption ? SEALED_OVERHEAD : table === "annotations" ? LAYERS_OVERHEAD : "0";
    const rows = await this.#database.all<CheckedRow>(
      `SELECT json_array(${KEYS[table].join(", ")}) AS place, ${what} AS what,
         EXISTS (SELECT 1 FROM json_each(o.extents) e WHERE NOT EXISTS
           (SELECT 1 FROM blobs b WHERE b.id = e.value ->> 2 AND b.condemned_ms IS NULL)) AS "row-without-blob",
         EXISTS (SELECT 1 FROM json_each(o.extents) e JOIN blobs b ON b.id = e.value ->> 2
           WHERE (e.value ->> 3) + (e.value ->> 1) > b.size_bytes) AS "row-beyond-blob",
         EXISTS (SELECT 1 FROM json_each(o.extents) e WHERE NOT EXISTS
           (SELECT 1 FROM blob_refs r WHERE r.blob_id = e.value ->> 2 AND r.referent = e.value ->> 4)) AS "row-without-reference",
         ${marker} = 0 AND size_bytes <> coalesce((SELECT sum(e.value ->> 1) FROM json_each(o.extents) e), 0)
           + coalesce(length(${inline}) / 4 * 3 - (length(${inline}) - length(rtrim(${inline}, '='))) - ${overhead}, 0)
           AS "row-of-other-size",
         NOT ${hasOwner} AS "row-without-owner",
         ${hasEncryption ? ROOT_SEALED : "NULL"} AS sealed
       FROM (SELECT * FROM ${table} ${afterKey(table, after)} ${orderBy(table)} LIMIT ${ROWS_PER_PAGE}) o ${orderBy(table)}`,
      ...(after ?? []),
    );
    const flaws: RowFlaw[] = [
      "row-without-blob",
      "row-beyond-blob",
      "row-without-reference",
      "row-of-other-size",
      "row-without-owner",
    ];
    const flawed = rows.map((row) => ({ what: row.what, flaws: flaws.filter((flaw) => row[flaw] === 1) }));
    return {
      flawed: flawed.filter((row) => row.flaws.length > 0),
      rows: rows.length,
      sealedKeys: rows.flatMap(({ what: row, sealed }) => (sealed === null ? [] : [{ what: row, sealed }])),
      next: nextPlace(rows, ROWS_PER_PAGE),
    };
  }

  /** References that no extent needs, as `blob referent`; 100 at most. Reads all rows that have extents. */
  async surplusReferences(): Promise<string[]> {
    const rows = await this.#database.all<{ what: string }>(
      `WITH used AS MATERIALIZED (
         SELECT DISTINCT e.value ->> 2 AS blob_id, e.value ->> 4 AS referent FROM (
           SELECT extents FROM objects UNION ALL SELECT extents FROM versions UNION ALL SELECT extents FROM parts
           UNION ALL SELECT extents FROM trash UNION ALL SELECT extents FROM annotations
         ) v, json_each(v.extents) e WHERE v.extents IS NOT NULL
       )
       SELECT r.blob_id || ' ' || r.referent AS what FROM blob_refs r LEFT JOIN used u USING (blob_id, referent)
       WHERE u.blob_id IS NULL LIMIT ${SURPLUS_MAX}`,
    );
    return rows.map(({ what }) => what);
  }

  /**
   * Versions that have more or fewer annotations than they say, and annotations of none; 100 at the most. Those of versions in the
   * trash wait for the collector. Reads all rows.
   */
  async strayAnnotations(): Promise<string[]> {
    const rows = await this.#database.all<{ what: string }>(
      `WITH said AS MATERIALIZED (
         SELECT id, annotations AS n FROM objects WHERE annotations > 0
         UNION ALL SELECT id, annotations FROM versions WHERE annotations > 0
         UNION ALL SELECT id, annotations FROM trash WHERE annotations > 0
       ), found AS MATERIALIZED (SELECT version_id AS id, count(*) AS n FROM annotations GROUP BY version_id)
       SELECT 'version ' || coalesce(s.id, f.id) || ': ' || coalesce(f.n, 0) || ' of ' || coalesce(s.n, 0) AS what
       FROM said s FULL JOIN found f ON f.id = s.id WHERE s.n IS NOT f.n LIMIT ${SURPLUS_MAX}`,
    );
    return rows.map(({ what }) => what);
  }

  /** The next blob after `afterId` in order of age, condemned ones left out; null at the end. */
  async blob(afterId: string): Promise<CheckedBlob | null> {
    const [row] = await this.#database.all<RawBlob & { is_held: number }>(
      `SELECT id, k, m, block_bytes, size_bytes, crc64nvme, shards,
         EXISTS (SELECT 1 FROM blob_refs r WHERE r.blob_id = b.id) AS is_held
       FROM blobs b WHERE id > ?1 AND condemned_ms IS NULL ORDER BY id LIMIT 1`,
      afterId,
    );
    return row ? { ...parseBlob(row), isHeld: row.is_held === 1 } : null;
  }

  /** The next versions with bytes, delete markers left out, or the next annotations. */
  async bodies(
    table: Exclude<CheckedTable, "parts">,
    after: CheckPlace,
  ): Promise<{ bodies: (CheckedBody & { place: (string | number)[] })[]; isLast: boolean }> {
    const isAnnotation = table === "annotations";
    const [bucket, key] = isAnnotation ? ["'annotation ' || name || ' of'", "version_id"] : ["b.name", "key"];
    const buckets = isAnnotation ? "" : "JOIN buckets b ON b.id = o.bucket_id";
    const rows = await this.#database.all<RawBody>(
      `SELECT json_array(${KEYS[table].join(", ")}) AS place, ${bucket} AS bucket, ${key} AS key, o.id, size_bytes AS "sizeBytes", etag,
         checksum, coalesce(extents, '[]') AS extents, inline_body AS "inlineBody",
         ${isAnnotation ? "0" : "bucket_id"} AS "bucketId", ${isAnnotation ? "'{}'" : "attributes"} AS attributes,
         ${isAnnotation ? "layers > 0" : "0"} AS sealed_apart
       FROM (SELECT * FROM ${table} ${afterKey(table, after)} ${orderBy(table)} LIMIT ${BODIES_PER_PAGE}) o
       ${buckets} ${orderBy(table)}`,
      ...(after ?? []),
    );
    const bodies = rows.map(({ place, extents, checksum, attributes, sealed_apart: sealedApart, ...row }) => ({
      ...row,
      isSealedApart: sealedApart === 1,
      attributes: JSON.parse(attributes) as unknown,
      place: JSON.parse(place) as (string | number)[],
      extents: JSON.parse(extents) as ExtentRow[],
      checksum: parseJson<ChecksumRow>(checksum),
    }));
    return { bodies, isLast: rows.length < BODIES_PER_PAGE };
  }
}

type RawBody = Omit<CheckedBody, "extents" | "checksum" | "attributes" | "isSealedApart"> & {
  place: string;
  extents: string;
  checksum: string | null;
  attributes: string;
  sealed_apart: number;
};

function orderBy(table: CheckedTable): string {
  return `ORDER BY ${KEYS[table].map((column) => (column === "seq" ? "seq DESC" : column)).join(", ")}`;
}

function afterKey(table: CheckedTable, after: CheckPlace): string {
  if (after === null) return "";
  if (table !== "versions") return `WHERE (${KEYS[table].join(", ")}) > (?1, ?2)`;
  return "WHERE (bucket_id, key) >= (?1, ?2) AND NOT (bucket_id = ?1 AND key = ?2 AND seq >= ?3)";
}

function nextPlace(rows: readonly { place: string }[], limit: number): CheckPlace {
  const last = rows.at(-1);
  return last && rows.length === limit ? JSON.parse(last.place) : null;
}
