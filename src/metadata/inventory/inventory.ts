import type { VersionTable } from "../blobs/packing.ts";
import type { Grant } from "../buckets/access.ts";
import type { Database } from "../database.ts";
import { type LegalHold, parseJson, parseLegalHold } from "../rows.ts";

/** What an inventory tells of a version. */
export interface InventoriedVersion {
  key: string;
  seq: number;
  id: string;
  isNull: boolean;
  isLatest: boolean;
  isMarker: boolean;
  sizeBytes: number;
  etag: string;
  modifiedMs: number;
  storageClass: string;
  isMultipart: boolean;
  retainUntilMs: number | null;
  retainMode: string | null;
  legalHold: LegalHold;
  checksumAlgorithm: string | null;
  /** Null: it is plain. */
  encryptionForm: string | null;
  hasBucketKey: boolean;
  /** As the row has it; null also where it was not asked for. */
  tagsText: string | null;
  /** Of a version of table versions that is no delete marker: when it was replaced. */
  noncurrentMs: number;
  /** Access tier of class INTELLIGENT_TIERING; null: the frequent one. */
  tier: string | null;
  /** Null: full control for the owner. */
  acl: Grant[] | null;
  /** Canonical id; null: the bucket's owner. */
  ownerId: string | null;
}

export interface InventoryPlace {
  key: string;
  seq: number;
}

/** What inventories ask of D1. */
export class InventoryTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The next versions of a bucket in one of the tables, in order of keys, the newest of a key first, from `prefix` on; fewer than `limit` at
   * the end. `tags`: whether they are asked for, which may be much text. One round trip.
   */
  async page(
    table: VersionTable,
    bucketId: number,
    { prefix, after, limit, tags }: { prefix: string; after: InventoryPlace | null; limit: number; tags: boolean },
  ): Promise<InventoriedVersion[]> {
    // A key that has a row in objects names that; otherwise its newest version is a delete marker, and the latest.
    const latest =
      table === "objects"
        ? "1"
        : `v.is_marker = 1 AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = v.bucket_id AND o.key = v.key)
           AND NOT EXISTS (SELECT 1 FROM versions n WHERE n.bucket_id = v.bucket_id AND n.key = v.key AND n.seq > v.seq)`;
    const rows = await this.#database.all<Raw>(
      `SELECT v.key, v.seq, v.id, v.is_null AS "isNull", ${latest} AS "isLatest",
         ${table === "objects" ? "0" : "v.is_marker"} AS "isMarker", v.size_bytes AS "sizeBytes", v.etag,
         v.modified_ms AS "modifiedMs", v.storage_class AS "storageClass", v.parts IS NOT NULL AS "isMultipart",
         v.retain_until_ms AS "retainUntilMs", v.retain_mode AS "retainMode", v.legal_hold AS "legalHold",
         v.checksum ->> '$.algorithm' AS "checksumAlgorithm", v.attributes ->> '$.encryption.form' AS "encryptionForm",
         coalesce(v.attributes ->> '$.encryption.bucketKey', 0) AS "hasBucketKey",
         ${tags ? "v.tags" : "NULL"} AS "tagsText", ${table === "objects" ? "0" : "v.noncurrent_ms"} AS "noncurrentMs", v.attributes ->> '$.tier' AS tier,
         v.attributes -> '$.acl' AS acl, v.attributes ->> '$.owner.id' AS "ownerId"
       FROM ${table} v WHERE v.bucket_id = ?1 AND v.key >= ?2 AND (v.key > ?2 OR v.seq < ?3)
       ORDER BY v.key, v.seq DESC LIMIT ?4`,
      bucketId,
      after?.key ?? prefix,
      after?.seq ?? Number.MAX_SAFE_INTEGER,
      limit,
    );
    return rows.map((row) => ({
      ...row,
      isNull: row.isNull === 1,
      isLatest: row.isLatest === 1,
      isMarker: row.isMarker === 1,
      isMultipart: row.isMultipart === 1,
      hasBucketKey: row.hasBucketKey === 1,
      legalHold: parseLegalHold(row.legalHold),
      acl: parseJson<Grant[]>(row.acl),
    }));
  }
}

type Flags = "isNull" | "isLatest" | "isMarker" | "isMultipart" | "hasBucketKey" | "legalHold";
type Raw = Omit<InventoriedVersion, Flags | "acl"> & Record<Flags, number> & { acl: string | null };
