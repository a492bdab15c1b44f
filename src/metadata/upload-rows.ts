import type { Statement } from "./database.ts";

/** Rows of unfinished uploads, and the statements that find them beside other things in one round trip. */

export interface UploadRow {
  id: string;
  key: string;
  owner: string;
  storageClass: string;
  checksumAlgorithm: string | null;
  checksumType: string | null;
  attributes: unknown;
  initiatedMs: number;
}

export type RawUpload = Omit<UploadRow, "attributes"> & { attributes: string };

export function findBucket(name: string): Statement {
  return {
    sql: `SELECT id, name, owner, region, created_ms AS "createdMs" FROM buckets WHERE name = ?1`,
    values: [name],
  };
}

export function findUpload(bucket: string, key: string, uploadId: string): Statement {
  return {
    sql: `SELECT u.id, u.key, u.owner, u.storage_class AS "storageClass", u.checksum_algorithm AS "checksumAlgorithm",
            u.checksum_type AS "checksumType", u.attributes, u.initiated_ms AS "initiatedMs" FROM uploads u
          WHERE u.bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND u.key = ?2 AND u.id = ?3`,
    values: [bucket, key, uploadId],
  };
}

export function parseUpload(raw: RawUpload): UploadRow {
  return { ...raw, attributes: JSON.parse(raw.attributes) };
}
