const PLACE = ["bucket", "key"];
const LISTED = [
  ...PLACE,
  "version_id",
  "size",
  "last_modified",
  "last_modified_ms",
  "etag",
  "storage_class",
  "owner",
  "checksum_algorithm",
  "checksum_type",
];
const HEAD = [
  "checksum",
  "content_type",
  "content_encoding",
  "content_disposition",
  "content_language",
  "cache_control",
  "expires",
  "metadata",
  "parts_count",
  "encryption",
  "tags",
  "lock_mode",
  "retain_until",
  "legal_hold",
];

/** Tables and their columns, for completion. A test compares them with the server's. */
export const SCHEMA: Record<string, string[]> = {
  objects: [...LISTED, ...HEAD],
  versions: [...LISTED, "is_latest", "is_delete_marker", "noncurrent_since", ...HEAD],
  tags: [...PLACE, "name", "value"],
  metadata: [...PLACE, "name", "value"],
  uploads: [...PLACE, "upload_id", "initiated", "storage_class", "owner"],
  parts: [...PLACE, "upload_id", "part_number", "size", "etag", "last_modified"],
  buckets: ["bucket", "region", "creation_date", "owner", "owner_account"],
  blobs: ["blob_id", "k", "m", "block_bytes", "size", "crc64nvme", "condemned", "spare_shards", "pack_objects"],
  shards: ["blob_id", "shard", "drive", "drive_key", "verified"],
  drives: ["drive", "state", "since", "sentence"],
};
