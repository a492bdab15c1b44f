import type { Statement } from "../database.ts";
import { type EventHoldRow, type LockRow, parseJson, parseLegalHold, type RetainMode, type TagRow } from "../rows.ts";

/** Rows of unfinished uploads, and the statements that find them beside other things in one round trip. */

export interface UploadRow {
  id: string;
  key: string;
  owner: string;
  storageClass: string;
  checksumAlgorithm: string | null;
  checksumType: string | null;
  /** What the object will have. */
  tags: TagRow[] | null;
  lock: LockRow;
  attributes: unknown;
  initiatedMs: number;
}

export type RawUpload = Omit<UploadRow, "attributes" | "tags" | "lock"> & {
  attributes: string;
  tags: string | null;
  retainUntilMs: number | null;
  retainMode: RetainMode | null;
  legalHold: number;
  eventHold: string | null;
};

export function findUpload(bucket: string, key: string, uploadId: string): Statement {
  return {
    sql: `SELECT u.id, u.key, u.owner, u.storage_class AS "storageClass", u.checksum_algorithm AS "checksumAlgorithm",
            u.checksum_type AS "checksumType", u.attributes, u.initiated_ms AS "initiatedMs",
            u.tags, u.retain_until_ms AS "retainUntilMs", u.retain_mode AS "retainMode", u.legal_hold AS "legalHold",
            u.event_hold AS "eventHold" FROM uploads u
          WHERE u.bucket_id = (SELECT id FROM buckets WHERE name = ?1) AND u.key = ?2 AND u.id = ?3`,
    values: [bucket, key, uploadId],
  };
}

export function parseUpload(raw: RawUpload): UploadRow {
  const { retainUntilMs, retainMode, legalHold, eventHold, tags, attributes, ...row } = raw;
  const lock = {
    retainUntilMs,
    retainMode,
    legalHold: parseLegalHold(legalHold),
    eventHold: parseJson<EventHoldRow>(eventHold),
  };
  return { ...row, tags: parseJson<TagRow[]>(tags), lock, attributes: JSON.parse(attributes) };
}
