/** Types as Athena names them. */
export type ColumnType = "varchar" | "bigint" | "boolean" | "timestamp" | "map<string,string>";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly comment: string;
}

export type TableName =
  | "objects"
  | "versions"
  | "tags"
  | "metadata"
  | "uploads"
  | "parts"
  | "buckets"
  | "blobs"
  | "shards"
  | "drives";

export interface Table {
  readonly comment: string;
  /** For operators alone: it is about the whole store. */
  readonly isOperators: boolean;
  readonly columns: readonly Column[];
}

const text = (name: string, comment: string): Column => ({ name, type: "varchar", comment });
const number = (name: string, comment: string): Column => ({ name, type: "bigint", comment });
const time = (name: string, comment: string): Column => ({ name, type: "timestamp", comment });
const map = (name: string, comment: string): Column => ({ name, type: "map<string,string>", comment });

const PLACE = [text("bucket", "name of the bucket"), text("key", "key of the object")];

const LISTED = [
  ...PLACE,
  text("version_id", "as S3 prints it"),
  number("size", "bytes"),
  time("last_modified", "UTC, YYYY-MM-DD HH:MM:SS.SSS"),
  number("last_modified_ms", "the same in milliseconds since 1970"),
  text("etag", "without quotes"),
  text("storage_class", ""),
  text("owner", "canonical id of its owner, if it is not the bucket's"),
  text("checksum_algorithm", "lower case"),
  text("checksum_type", "full-object or composite"),
];

/** What a HEAD shows. */
const HEAD = [
  text("checksum", "base64"),
  text("content_type", ""),
  text("content_encoding", ""),
  text("content_disposition", ""),
  text("content_language", ""),
  text("cache_control", ""),
  text("expires", "as it was sent"),
  map("metadata", "user metadata: JSON object"),
  number("parts_count", "null: it was not completed from parts"),
  text("encryption", "null: it is stored plain"),
];

const REST = [
  map("tags", "JSON object"),
  text("lock_mode", "GOVERNANCE or COMPLIANCE"),
  time("retain_until", "UTC"),
  text("legal_hold", "ON, OFF or null"),
];

/** All that may be asked. */
export const TABLES: Readonly<Record<TableName, Table>> = {
  objects: { comment: "current versions", isOperators: false, columns: [...LISTED, ...HEAD, ...REST] },
  versions: {
    comment: "all versions and delete markers",
    isOperators: false,
    columns: [
      ...LISTED,
      { name: "is_latest", type: "boolean", comment: "1 or 0" },
      { name: "is_delete_marker", type: "boolean", comment: "1 or 0" },
      time("noncurrent_since", "null: it is the latest"),
      ...HEAD,
      ...REST,
    ],
  },
  tags: {
    comment: "tags of current versions, one a row",
    isOperators: false,
    columns: [...PLACE, text("name", "key of the tag"), text("value", "")],
  },
  metadata: {
    comment: "user metadata of current versions, one a row",
    isOperators: false,
    columns: [...PLACE, text("name", "lower case, without x-amz-meta-"), text("value", "")],
  },
  uploads: {
    comment: "multipart uploads that are not finished",
    isOperators: false,
    columns: [...PLACE, text("upload_id", ""), time("initiated", "UTC"), text("storage_class", ""), text("owner", "")],
  },
  parts: {
    comment: "parts of uploads that are not finished",
    isOperators: false,
    columns: [
      ...PLACE,
      text("upload_id", ""),
      number("part_number", ""),
      number("size", "bytes"),
      text("etag", ""),
      time("last_modified", "UTC"),
    ],
  },
  buckets: {
    comment: "buckets of which something is listed",
    isOperators: false,
    columns: [
      text("bucket", "name"),
      text("region", ""),
      time("creation_date", "UTC"),
      text("owner", "canonical id"),
      text("owner_account", "account id"),
    ],
  },
  blobs: {
    comment: "immutable bytes on drives",
    isOperators: true,
    columns: [
      text("blob_id", ""),
      number("k", "data shards"),
      number("m", "parity shards"),
      number("block_bytes", ""),
      number("size", "bytes"),
      text("crc64nvme", "16 hex digits"),
      time("condemned", "null: it is held"),
      number("spare_shards", "good shards beyond k; null: no damage"),
      number("pack_objects", "null: it is no pack"),
    ],
  },
  shards: {
    comment: "where each blob's shards lie",
    isOperators: true,
    columns: [
      text("blob_id", ""),
      number("shard", "from 0"),
      text("drive", "null: it is missing"),
      text("drive_key", "key on the drive"),
      time("verified", "when it was last read and verified"),
    ],
  },
  drives: {
    comment: "drives as the last run found them",
    isOperators: true,
    columns: [text("drive", ""), text("state", ""), time("since", "UTC"), text("sentence", "what is wrong")],
  },
};

export function isTableName(name: string): name is TableName {
  return Object.hasOwn(TABLES, name);
}
