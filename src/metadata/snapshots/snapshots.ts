import { compareKeys } from "../../base/key-range.ts";
import type { Database, Statement } from "../database.ts";

/** A table as it stands in a snapshot. `columns` leaves out what the database can do without or finds out again. */
interface TableSpec {
  columns: readonly string[];
  /** Of the primary key. */
  key: readonly string[];
  /** A condition that rows must meet. */
  where?: string;
}

const VERSION_COLUMNS = [
  "bucket_id",
  "key",
  "id",
  "seq",
  "is_null",
  "size_bytes",
  "etag",
  "modified_ms",
  "storage_class",
  "checksum",
  "tags",
  "retain_until_ms",
  "retain_mode",
  "legal_hold",
  "attributes",
  "parts",
  "extents",
  "inline_body",
  "event_hold",
  "annotations",
] as const;

/**
 * What a snapshot holds of each table, and in which order it is read. References, trash and damage follow from the rest; jobs begin
 * again. Uploads come first: one that is completed meanwhile is in the snapshot as an upload or as an object, or as both. Blobs come
 * after all that names them, and so do keys of the KMS; their materials come after them, because a key must not name one that is
 * not there. Buckets come last, because rows of a bucket that is not there can be told and left out.
 */
export const SNAPSHOT_TABLES = {
  uploads: {
    key: ["bucket_id", "key", "id"],
    columns: [
      "bucket_id",
      "key",
      "id",
      "owner",
      "storage_class",
      "checksum_algorithm",
      "checksum_type",
      "tags",
      "retain_until_ms",
      "retain_mode",
      "legal_hold",
      "attributes",
      "initiated_ms",
      "event_hold",
    ],
  },
  parts: {
    key: ["upload_id", "part_number"],
    columns: [
      "upload_id",
      "part_number",
      "id",
      "size_bytes",
      "etag",
      "modified_ms",
      "checksum",
      "crc64nvme",
      "extents",
    ],
  },
  objects: { key: ["bucket_id", "key"], columns: VERSION_COLUMNS },
  versions: { key: ["bucket_id", "key", "seq"], columns: [...VERSION_COLUMNS, "is_marker", "noncurrent_ms"] },
  annotations: {
    key: ["version_id", "name"],
    columns: [
      "version_id",
      "name",
      "id",
      "size_bytes",
      "etag",
      "modified_ms",
      "checksum",
      "extents",
      "inline_body",
      "layers",
    ],
  },
  blobs: {
    key: ["id"],
    columns: [
      "id",
      "k",
      "m",
      "block_bytes",
      "size_bytes",
      "crc64nvme",
      "shards",
      "verified_ms",
      "pack_objects",
      "moved_ms",
      "storage_class",
    ],
    where: "condemned_ms IS NULL",
  },
  epoch: { key: ["id"], columns: ["id", "since_ms"] },
  rename_tokens: { key: ["day", "bucket_id", "token"], columns: ["day", "bucket_id", "token", "request"] },
  account_access: { key: ["owner"], columns: ["owner", "block"] },
  placements: { key: ["bucket"], columns: ["bucket", "database"] },
  access_keys: {
    key: ["id"],
    columns: [
      "id",
      "account_id",
      "owner_id",
      "secret",
      "status",
      "created_ms",
      "used_ms",
      "used_service",
      "used_region",
    ],
  },
  memberships: { key: ["group_id", "user_id"], columns: ["group_id", "user_id"] },
  attachments: { key: ["entity_id", "policy_arn"], columns: ["entity_id", "policy_arn", "account_id"] },
  inline_policies: { key: ["entity_id", "name"], columns: ["entity_id", "name", "document"] },
  policies: {
    key: ["arn"],
    columns: [
      "arn",
      "id",
      "account_id",
      "folded",
      "name",
      "path",
      "description",
      "created_ms",
      "updated_ms",
      "default_version",
      "last_version",
      "attachments",
      "tags",
      "document",
    ],
  },
  policy_versions: { key: ["arn", "version"], columns: ["arn", "version", "created_ms", "document"] },
  entities: {
    key: ["id"],
    columns: [
      "id",
      "account_id",
      "kind",
      "folded",
      "name",
      "path",
      "created_ms",
      "tags",
      "boundary",
      "trust",
      "description",
      "max_session_seconds",
      "used_ms",
      "used_region",
    ],
  },
  oidc_providers: {
    key: ["account_id", "url"],
    columns: ["account_id", "url", "created_ms", "client_ids", "thumbprints", "tags"],
  },
  queues: {
    key: ["id"],
    columns: [
      ...["id", "account_id", "name", "region", "created_ms", "modified_ms", "revision", "attributes"],
      ...["dead_letter", "tags", "purged_ms"],
    ],
  },
  topics: {
    key: ["id"],
    columns: [
      ...["id", "account_id", "name", "region", "created_ms", "revision", "attributes", "tags"],
      "deleted_subscriptions",
    ],
  },
  subscriptions: {
    key: ["place"],
    columns: [
      ...["place", "id", "topic_id", "account_id", "protocol", "endpoint", "origin", "created_ms", "token"],
      ...["authenticated", "has_filter", "attributes"],
    ],
  },
  signing_certificates: {
    key: ["id"],
    columns: ["id", "certificate", "sealed_key", "not_after_ms"],
  },
  kms_keys: {
    key: ["id"],
    columns: [
      "id",
      "account_id",
      "manager",
      "state",
      "created_ms",
      "description",
      "policy",
      "tags",
      "material",
      "external_store",
      "external_key",
      "rotation_days",
      "rotation_ms",
      "deletion_ms",
      "deletion_days",
      "condemned_ms",
    ],
  },
  kms_materials: {
    key: ["key_id", "number"],
    columns: ["key_id", "number", "id", "sealed", "created_ms", "rotation"],
  },
  kms_aliases: {
    key: ["account_id", "name"],
    columns: ["account_id", "name", "key_id", "created_ms", "updated_ms"],
  },
  kms_grants: {
    key: ["id"],
    columns: ["id", "key_id", "account_id", "name", "grantee", "retiring", "operations", "constraints", "created_ms"],
  },
  accounts: {
    key: ["id"],
    columns: [
      "id",
      "canonical_id",
      "name",
      "email",
      "state",
      "created_ms",
      "alias",
      "access_epoch",
      "user_count",
      "group_count",
      "role_count",
      "policy_count",
      "policy_version_count",
      "provider_count",
      "root_sessions_from_ms",
      "key_count",
    ],
  },
  named_configurations: {
    key: ["kind", "bucket_id", "id"],
    columns: ["kind", "bucket_id", "id", "document", "set_ms", "done_ms"],
  },
  accesses: { key: ["bucket_id", "version_id"], columns: ["bucket_id", "version_id", "day"] },
  rate_limits: {
    key: ["account_id", "access_key_id"],
    columns: ["account_id", "access_key_id", "requests_per_second", "bytes_in_per_second", "bytes_out_per_second"],
  },
  quotas: { key: ["bucket_id"], columns: ["bucket_id", "bytes_max", "objects_max", "bytes_soft", "objects_soft"] },
  account_quotas: {
    key: ["owner"],
    columns: ["owner", "bytes_max", "objects_max", "bytes_soft", "objects_soft", "whole"],
  },
  usage_days: {
    key: ["bucket_id", "day"],
    columns: ["bucket_id", "day", "bucket", "owner", "bytes", "versions", "objects", "markers"],
  },
  search_indexes: {
    key: ["id"],
    columns: ["id", "bucket_id", "tags", "metadata", "modified", "size", "text", "dropped_ms"],
  },
  notifications: {
    key: ["id"],
    columns: ["id", "bucket", "owner", "owner_account", "region", "configuration", "replaced_ms"],
  },
  buckets: {
    key: ["id"],
    columns: [
      "id",
      "name",
      "owner",
      "region",
      "created_ms",
      "versioning",
      "object_lock",
      "configuration",
      "owner_account",
      "access",
      "access_id",
      "notification_id",
      "logging",
    ],
  },
  lifecycles: {
    key: ["bucket_id"],
    columns: ["bucket_id", "lifecycle_id", "next_ms", "due_ms", "configuration"],
  },
} as const satisfies Record<string, TableSpec>;

/** Columns that are not in it: they follow from the rest, or begin again. */
export const RESTORED_NOT: Readonly<Record<string, readonly string[]>> = {
  blobs: ["condemned_ms", "spare_shards", "heal_after_ms", "heal_attempts"],
  // A walk begins again.
  lifecycles: ["walked_ms", "walk", "report"],
  // They are filled again.
  search_indexes: ["filled_to"],
  subscriptions: ["asked_ms"],
};

export type SnapshotTableName = keyof typeof SNAPSHOT_TABLES;

/** Rows of one table. */
export interface SnapshotRows {
  table: SnapshotTableName;
  /** Each a JSON array of the table's columns, in their order. */
  rows: string[];
}

/** Where the reading of tables stands; JSON. */
export interface SnapshotPlace {
  table: SnapshotTableName;
  /** Values of the primary key of the last row; null: at the beginning. Of objects and versions: the key that is through. */
  after: (string | number)[] | null;
}

/** The tables that are read on their own; `versions` are read with `objects`. */
export const ORDER: readonly SnapshotTableName[] = [
  "uploads",
  "parts",
  "objects",
  "annotations",
  "blobs",
  "epoch",
  "rename_tokens",
  "placements",
  "access_keys",
  "memberships",
  "attachments",
  "inline_policies",
  "policies",
  "policy_versions",
  "entities",
  "oidc_providers",
  "kms_keys",
  "kms_materials",
  "kms_aliases",
  "kms_grants",
  "accounts",
  "queues",
  "subscriptions",
  "topics",
  "signing_certificates",
  "account_access",
  "named_configurations",
  "accesses",
  "notifications",
  "rate_limits",
  "quotas",
  "account_quotas",
  "usage_days",
  "search_indexes",
  "buckets",
  // After the buckets: rules that were taken away meanwhile must not come back with a restore.
  "lifecycles",
];
const ROWS_PER_PAGE = 500;
/** A page ends with the row that reaches this: a row has up to 2 MB. */
const PAGE_BYTES = 1024 * 1024;
/** Where in the versions of a key one has got; below every seq: the key is through. */
const THROUGH = -1;

/** What taking a snapshot asks of D1. Each method is one round trip. */
export class SnapshotTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether there is anything worth keeping. */
  async hasContent(): Promise<boolean> {
    const sql =
      "SELECT 1 FROM buckets UNION ALL SELECT 1 FROM entities UNION ALL SELECT 1 FROM access_keys UNION ALL SELECT 1 FROM kms_keys LIMIT 1";
    return (await this.#database.all(sql)).length > 0;
  }

  /**
   * Since when nothing may be deleted that the newest snapshot names: its beginning, in milliseconds since 1970. Null if there is none.
   */
  async heldSinceMs(): Promise<number | null> {
    const [row] = await this.#database.all<{ ms: number | null }>(
      "SELECT cursor ->> 'heldSinceMs' AS ms FROM jobs WHERE name = 'snapshot'",
    );
    return row?.ms ?? null;
  }

  /** The next rows, up to about 2 MB, and where to go on; null where all are read. Read in one transaction. */
  async page(place: SnapshotPlace): Promise<{ found: SnapshotRows[]; next: SnapshotPlace | null }> {
    if (place.table === "objects") return this.#keys(place);
    const read = await this.#read(place);
    const next = read.isLast ? tableAfter(place.table) : { table: place.table, after: read.lastKey };
    return { found: [{ table: place.table, rows: read.rows }], next };
  }

  async #read({
    table,
    after,
  }: SnapshotPlace): Promise<{ rows: string[]; lastKey: SnapshotPlace["after"]; isLast: boolean }> {
    const { key, where = "TRUE" } = SNAPSHOT_TABLES[table] as TableSpec;
    const marks = key.map((_, index) => `?${index + 1}`).join(", ");
    const condition = after === null ? where : `(${key.join(", ")}) > (${marks}) AND ${where}`;
    const [rows] = await this.#database.batch<[RawRow]>([select(table, condition, after ?? [])]);
    return { rows: rows.map(({ row }) => row), lastKey: lastKey(rows) ?? after, isLast: isEnd(rows) };
  }

  /**
   * Objects and versions of the next keys, every key as it was at one moment: none of its versions is missed because it
   * became, or ceased to be, the current one. (Of a key with more versions than a page holds, the newest ones.)
   */
  async #keys({ after }: SnapshotPlace): Promise<{ found: SnapshotRows[]; next: SnapshotPlace | null }> {
    const [bucketId = 0, key = "", seq = THROUGH] = after ?? [];
    const [objects, versions] = await this.#database.batch<[RawRow, RawRow]>([
      select("objects", "(bucket_id, key) > (?1, ?2)", [bucketId, key]),
      select("versions", "(bucket_id, key) >= (?1, ?2) AND NOT (bucket_id = ?1 AND key = ?2 AND seq >= ?3)", [
        bucketId,
        key,
        seq,
      ]),
    ]);
    const cut = cutPage(objects, versions);
    const taken = (rows: readonly RawRow[]) => rows.filter((row) => cut.takes(row)).map(({ row }) => row);
    return {
      found: [
        { table: "objects", rows: taken(objects) },
        { table: "versions", rows: taken(versions) },
      ],
      next: cut.after === null ? tableAfter("objects") : { table: "objects", after: cut.after },
    };
  }
}

interface RawRow {
  /** JSON of the primary key's values. */
  place: string;
  row: string;
  /** Rows that the page could have had. */
  candidates: number;
}

function tableAfter(table: SnapshotTableName): SnapshotPlace | null {
  const next = ORDER[ORDER.indexOf(table) + 1];
  return next === undefined ? null : { table: next, after: null };
}

/** Rows in order of the primary key, as many as make up a page. Lengths are summed up before a row is made. */
function select(table: SnapshotTableName, condition: string, values: Statement["values"]): Statement {
  const { columns, key } = SNAPSHOT_TABLES[table];
  const order = key.map((column) => (column === "seq" ? "seq DESC" : column)).join(", ");
  const keys = key.join(", ");
  const bytes = columns.map((column) => `coalesce(length(${column}), 0)`).join(" + ");
  return {
    sql: `SELECT json_array(${keys}) AS place, json_array(${columns.join(", ")}) AS row, candidates
          FROM (
            SELECT * FROM (
              SELECT ${keys}, sum(bytes) OVER (ORDER BY ${order}) - bytes AS bytes_before, count(*) OVER () AS candidates
              FROM (SELECT ${keys}, ${bytes} AS bytes FROM ${table} WHERE ${condition} ORDER BY ${order} LIMIT ${ROWS_PER_PAGE})
            ) WHERE bytes_before < ${PAGE_BYTES}
          ) JOIN ${table} USING (${keys}) ORDER BY ${order}`,
    values,
  };
}

function isEnd(rows: readonly RawRow[]): boolean {
  return rows.length === (rows[0]?.candidates ?? 0) && rows.length < ROWS_PER_PAGE;
}

function placeOf(row: RawRow): (string | number)[] {
  return JSON.parse(row.place);
}

function lastKey(rows: readonly RawRow[]): (string | number)[] | null {
  const last = rows.at(-1);
  return last ? placeOf(last) : null;
}

/** How far both lists are whole: up to which key every row of it is here. `after` is where to go on; null: nothing is left. */
function cutPage(
  objects: readonly RawRow[],
  versions: readonly RawRow[],
): { after: (string | number)[] | null; takes(row: RawRow): boolean } {
  const objectEnd = isEnd(objects) ? null : lastKey(objects);
  const versionEnd = isEnd(versions) ? null : lastKey(versions);
  if (objectEnd === null && versionEnd === null) return { after: null, takes: () => true };
  const isUpTo = (end: (string | number)[]) => (row: RawRow) => comparePlaces(placeOf(row), end) <= 0;
  // Versions of the last key may be left, so it is no whole one.
  if (versionEnd === null || (objectEnd !== null && comparePlaces(objectEnd, versionEnd) < 0)) {
    const end = objectEnd as (string | number)[];
    return { after: [...end, THROUGH], takes: isUpTo(end) };
  }
  const before = [...objects, ...versions]
    .map(placeOf)
    .filter((place) => comparePlaces(place, versionEnd) < 0)
    .reduce<(string | number)[] | null>((most, place) => (most && comparePlaces(most, place) > 0 ? most : place), null);
  if (before !== null) return { after: [...before.slice(0, 2), THROUGH], takes: isUpTo(before) };
  // One key fills the page with its versions: those that are left come with the next.
  return { after: versionEnd, takes: isUpTo(versionEnd) };
}

/** Order of (bucket, key) as SQLite has it. */
function comparePlaces([bucketA, keyA]: (string | number)[], [bucketB, keyB]: (string | number)[]): number {
  return Number(bucketA) - Number(bucketB) || compareKeys(String(keyA), String(keyB));
}
