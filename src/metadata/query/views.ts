import { TABLES, type TableName } from "./catalog.ts";
import { quoteText } from "./quote.ts";
import { rowSource, visibleColumn } from "./row-source.ts";
import type { SearchUse } from "./search-source.ts";
import type { Scope, VisibleBucket } from "./visible.ts";

/** One place of a query that reads a table. */
export interface ViewRequest {
  readonly table: TableName;
  /** Names the tables behind it, so that a plan says which place it is about. */
  readonly number: number;
  readonly scopes: readonly Scope[];
  /** Its rows are those that an index of the only bucket gives. Of objects, tags and metadata alone. */
  readonly search?: SearchUse | null;
}

/** Alias of the table that a place reads by the bucket's id. Names that a query brings are never this. */
export function aliasOf(number: number, prefix = "o"): string {
  return `${prefix}$${number}`;
}

/**
 * A subquery that neither WHERE nor joins of the query around it reach into (SQLite does not flatten a subquery with LIMIT, nor push
 * conditions into it): whatever the query computes, it computes of rows that the caller may see.
 */
function closed(sql: string): string {
  return `SELECT * FROM (${sql}) LIMIT -1 OFFSET 0`;
}

/** SQL of a SELECT with the table's columns, in their order, of the rows in the scopes. `isClosed`: see `closed`. */
export function viewSql(request: ViewRequest, isClosed: boolean): string {
  const sql = plainView(request);
  return isClosed ? closed(sql) : sql;
}

function plainView(request: ViewRequest): string {
  switch (request.table) {
    case "objects":
      return versionRows("objects", request);
    case "versions":
      return `${versionRows("objects", request)} UNION ALL ${versionRows("versions", request)}`;
    case "tags":
      return pairs(request, (alias) => `json_each(${alias}.tags)`, ["value ->> 0", "value ->> 1"]);
    case "metadata":
      return pairs(request, (alias) => `json_each(${alias}.attributes, '$.user')`, ["key", "value"]);
    case "uploads":
      return uploads(request);
    case "parts":
      return parts(request);
    case "buckets":
      return buckets(request.scopes);
    case "blobs":
      return `SELECT id AS blob_id, k, m, block_bytes, size_bytes AS size, crc64nvme, ${time("condemned_ms")} AS condemned,
        spare_shards, pack_objects FROM blobs AS ${aliasOf(request.number)}`;
    case "shards":
      return shards(aliasOf(request.number), aliasOf(request.number, "p"));
    case "drives":
      return `SELECT name AS drive, state, ${time("since_ms")} AS since, sentence FROM drives AS ${aliasOf(request.number)}`;
  }
}

/** Milliseconds as SQLite's date functions and Athena print times. */
function time(ms: string): string {
  return `strftime('%Y-%m-%d %H:%M:%f', ${ms} / 1000.0, 'unixepoch')`;
}

const DIGITS = quoteText("0123456789ABCDEFGHJKMNPQRSTVWXYZ");

/** As `formatVersionId` of `src/store/version-id.ts`. */
function versionId(alias: string): string {
  const digits = [25, 20, 15, 10, 5, 0].map((bits) => `substr(${DIGITS}, ((${alias}.seq >> ${bits}) & 31) + 1, 1)`);
  return `CASE WHEN ${alias}.is_null = 1 THEN 'null' ELSE ${digits.join(" || ")} || ${alias}.id END`;
}

function versionRows(source: "objects" | "versions", { table, number, scopes, search }: ViewRequest): string {
  const alias = aliasOf(number, source === "objects" ? "o" : "v");
  const { from, where, bucketName } = rowSource(source, alias, scopes, search);
  const columns = new Map([
    ["bucket", bucketName],
    ["key", `${alias}.key`],
    ["version_id", versionId(alias)],
    ["size", `${alias}.size_bytes`],
    ["last_modified", time(`${alias}.modified_ms`)],
    ["last_modified_ms", `${alias}.modified_ms`],
    ["etag", `${alias}.etag`],
    ["storage_class", `${alias}.storage_class`],
    ["owner", `${alias}.attributes ->> '$.owner.id'`],
    ["checksum_algorithm", `${alias}.checksum ->> '$.algorithm'`],
    ["checksum_type", `${alias}.checksum ->> '$.type'`],
    ...versionColumns(source, alias),
    ...guardedColumns(alias, table, scopes),
  ]);
  const listed = TABLES[table].columns.map(({ name }) => `${columns.get(name)} AS ${name}`);
  return `SELECT ${listed.join(", ")} FROM ${from} WHERE ${where}`;
}

/** Columns of table versions alone. */
function versionColumns(source: "objects" | "versions", alias: string): [string, string][] {
  if (source === "objects") {
    return [
      ["is_latest", "1"],
      ["is_delete_marker", "0"],
      ["noncurrent_since", "NULL"],
    ];
  }
  // A key without a current version is hidden by its newest delete marker.
  const same = (other: string) => `${other}.bucket_id = ${alias}.bucket_id AND ${other}.key = ${alias}.key`;
  const latest = `${alias}.is_marker = 1 AND NOT EXISTS (SELECT 1 FROM objects AS c$ WHERE ${same("c$")})
    AND NOT EXISTS (SELECT 1 FROM versions AS n$ WHERE ${same("n$")} AND n$.seq > ${alias}.seq)`;
  return [
    ["is_latest", `(${latest})`],
    ["is_delete_marker", `${alias}.is_marker`],
    ["noncurrent_since", `CASE WHEN NOT (${latest}) THEN ${time(`${alias}.noncurrent_ms`)} END`],
  ];
}

const HEAD_COLUMNS: readonly (readonly [string, (alias: string) => string])[] = [
  ["checksum", (alias) => `${alias}.checksum ->> '$.value'`],
  ["content_type", (alias) => `${alias}.attributes ->> '$.system.contentType'`],
  ["content_encoding", (alias) => `${alias}.attributes ->> '$.system.contentEncoding'`],
  ["content_disposition", (alias) => `${alias}.attributes ->> '$.system.contentDisposition'`],
  ["content_language", (alias) => `${alias}.attributes ->> '$.system.contentLanguage'`],
  ["cache_control", (alias) => `${alias}.attributes ->> '$.system.cacheControl'`],
  ["expires", (alias) => `${alias}.attributes ->> '$.system.expires'`],
  ["metadata", (alias) => `coalesce(${alias}.attributes -> '$.user', '{}')`],
  ["parts_count", (alias) => `json_array_length(${alias}.parts)`],
  ["encryption", (alias) => `${alias}.attributes ->> '$.encryption.form'`],
];

/** Forms of encryption with which HEAD shows nothing without the client's key, and no checksum without a key of KMS. */
const CLIENTS_KEY = quoteText("SSE-C");
const ANOTHERS_KEY = ["SSE-C", "aws:kms", "aws:kms:dsse"].map(quoteText).join(", ");

/** A column of HEAD, null where HEAD needs a key that a query does not have. */
function withoutKey(column: string, sql: string, alias: string): string {
  if (column === "encryption") return sql;
  const form = `coalesce(${alias}.attributes ->> '$.encryption.form', '')`;
  return `CASE WHEN ${form} NOT IN (${column === "checksum" ? ANOTHERS_KEY : CLIENTS_KEY}) THEN ${sql} END`;
}

const LOCK_COLUMNS: readonly (readonly [string, (alias: string) => string])[] = [
  ["lock_mode", (alias) => `${alias}.retain_mode`],
  ["retain_until", (alias) => time(`nullif(${alias}.retain_until_ms, 0)`)],
  ["legal_hold", (alias) => `CASE ${alias}.legal_hold WHEN 1 THEN 'ON' WHEN 2 THEN 'OFF' END`],
];

function tagsObject(alias: string): string {
  return `coalesce((SELECT json_group_object(t$.value ->> 0, t$.value ->> 1) FROM json_each(${alias}.tags) AS t$), '{}')`;
}

/** Columns that a listing does not show, each where the caller may see it. */
function guardedColumns(alias: string, table: TableName, scopes: readonly Scope[]): [string, string][] {
  const of = (bucket: VisibleBucket) => (table === "versions" ? bucket.anyVersion : bucket.current);
  const shown = (sql: string, kind: "content" | "tags" | "lock") =>
    visibleColumn(sql, alias, { scopes, rangesOf: (bucket) => of(bucket)[kind] });
  return [
    ...HEAD_COLUMNS.map(([name, sql]): [string, string] => [
      name,
      shown(withoutKey(name, sql(alias), alias), "content"),
    ]),
    ["tags", shown(tagsObject(alias), "tags")],
    ...LOCK_COLUMNS.map(([name, sql]): [string, string] => [name, shown(sql(alias), "lock")]),
  ];
}

/** Tags and user metadata, one a row, of the objects of which the caller may see them. */
function pairs(
  { table, number, scopes, search }: ViewRequest,
  each: (alias: string) => string,
  [name, value]: readonly [string, string],
): string {
  const alias = aliasOf(number);
  const pair = aliasOf(number, "p");
  const { from, where, bucketName } = rowSource("objects", alias, scopes, search);
  const kind = table === "tags" ? "tags" : "content";
  const isKept = kind === "content" ? withoutKey("metadata", "1", alias) : "1";
  const isShown = visibleColumn(isKept, alias, { scopes, rangesOf: (bucket) => bucket.current[kind] });
  return `SELECT ${bucketName} AS bucket, ${alias}.key AS key, ${pair}.${name} AS name, ${pair}.${value} AS value
    FROM ${from} CROSS JOIN ${each(alias)} AS ${pair} WHERE ${where}${isShown === "1" ? "" : ` AND (${isShown}) IS NOT NULL`}`;
}

function uploads({ number, scopes }: ViewRequest): string {
  const alias = aliasOf(number);
  const { from, where, bucketName } = rowSource("uploads", alias, scopes);
  return `SELECT ${bucketName} AS bucket, ${alias}.key AS key, ${alias}.id AS upload_id, ${time(`${alias}.initiated_ms`)} AS initiated,
    ${alias}.storage_class AS storage_class, ${alias}.owner AS owner FROM ${from} WHERE ${where}`;
}

function parts({ number, scopes }: ViewRequest): string {
  const alias = aliasOf(number);
  const part = aliasOf(number, "p");
  const { from, where, bucketName } = rowSource("uploads", alias, scopes);
  return `SELECT ${bucketName} AS bucket, ${alias}.key AS key, ${alias}.id AS upload_id, ${part}.part_number AS part_number,
    ${part}.size_bytes AS size, ${part}.etag AS etag, ${time(`${part}.modified_ms`)} AS last_modified
    FROM ${from} CROSS JOIN parts AS ${part} WHERE ${where} AND ${part}.upload_id = ${alias}.id${ownUploads(alias, scopes)}`;
}

/** Leaves out what others upload to buckets where parts are shown to their own writer alone: one caller, and so one id. */
function ownUploads(alias: string, scopes: readonly Scope[]): string {
  const guarded = scopes.map(({ bucket }) => bucket).filter(({ partsOf }) => partsOf !== null);
  const writer = guarded[0]?.partsOf ?? null;
  if (writer === null) return "";
  const ids = guarded.map(({ id }) => id).join(", ");
  return ` AND (${alias}.bucket_id NOT IN (${ids}) OR ${alias}.owner = ${quoteText(writer)})`;
}

function shards(blob: string, shard: string): string {
  return `SELECT ${blob}.id AS blob_id, ${shard}.key AS shard, ${shard}.value ->> 0 AS drive, ${shard}.value ->> 1 AS drive_key,
    ${time(`(${blob}.verified_ms ->> ${shard}.key)`)} AS verified
    FROM blobs AS ${blob} CROSS JOIN json_each(${blob}.shards) AS ${shard}`;
}

/** They are known already: a list, not a table. */
function buckets(scopes: readonly Scope[]): string {
  const rows = scopes.map(({ bucket }) => [
    bucket.name,
    bucket.region,
    bucket.createdMs,
    bucket.owner,
    bucket.ownerAccount,
  ]);
  return `SELECT value ->> 0 AS bucket, value ->> 1 AS region, ${time("(value ->> 2)")} AS creation_date, value ->> 3 AS owner,
    value ->> 4 AS owner_account FROM json_each(${quoteText(JSON.stringify(rows))})`;
}
