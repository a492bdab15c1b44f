import type { Database, Statement } from "../database.ts";
import { insertBlobs } from "../objects/commit.ts";
import { type BlobRow, type ContentRow, type ExtentRow, parseJson } from "../rows.ts";
import { noteMissing } from "./damage.ts";

/** Both tables of versions are packed alike. */
export type VersionTable = "objects" | "versions";

/** Key of a row in either table. */
export interface VersionPlace {
  bucketId: number;
  key: string;
  seq: number;
}

/** What a scan tells of a version: enough to decide whether its bytes should move. */
export interface ScannedVersion extends VersionPlace {
  id: string;
  sizeBytes: number;
  modifiedMs: number;
  storageClass: string;
  /** Access tier within class INTELLIGENT_TIERING; null: the frequent one. */
  tier: string | null;
  /** All of it lies in the row: not only what was appended last. */
  isInline: boolean;
  extentCount: number;
  /** The blob of its only extent; null if it has none or several, or is encrypted and goes on in the row, sealed apart. */
  blobId: string | null;
}

/** A version whose bytes were moved, from what its row held when they were read. */
export interface Move {
  place: VersionPlace;
  id: string;
  from: ContentRow;
  /** The class and the tier that it had then: `to` lies where they say. */
  storageClass: string;
  tier: string | null;
  /** The sealed key that the row had then; null: it was plain. Bytes under another key are other bytes. */
  sealed: string | null;
  to: ExtentRow[];
}

/** A version with where its bytes are. */
export type PackedContent = Omit<Move, "to"> &
  Sized & { /** Of its bucket. */ bucketName: string /** JSON that the store wrote. */; attributes: unknown };

/** What the packer asks of D1. Each method is one round trip. */
export class PackingTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The versions after `after`, in the order of the table, without their bytes; fewer than `limit` at its end. */
  async scan(table: VersionTable, after: VersionPlace | null, limit: number): Promise<ScannedVersion[]> {
    const { bucketId, key, seq } = after ?? { bucketId: 0, key: "", seq: 0 };
    const rows = await this.#database.all<Omit<ScannedVersion, "isInline"> & { isInline: number }>(
      `SELECT bucket_id AS "bucketId", key, seq, id, size_bytes AS "sizeBytes", modified_ms AS "modifiedMs",
         storage_class AS "storageClass", attributes ->> '$.tier' AS tier, extents IS NULL AND inline_body IS NOT NULL AS "isInline",
         coalesce(json_array_length(extents), 0) AS "extentCount",
         CASE WHEN json_array_length(extents) = 1 AND (inline_body IS NULL OR attributes ->> '$.encryption' IS NULL)
           THEN extents ->> '$[0][2]' END AS "blobId"
       FROM ${table} WHERE (bucket_id, key) >= (?1, ?2) AND ((bucket_id, key) > (?1, ?2) OR seq < ?3)
       ORDER BY bucket_id, key, seq DESC LIMIT ?4`,
      bucketId,
      key,
      seq,
      limit,
    );
    return rows.map((row) => ({ ...row, isInline: row.isInline === 1 }));
  }

  /** Those of the blobs that are packs of whose objects more than half are gone. */
  async sparsePacks(blobIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.#database.all<{ id: string }>(
      `SELECT b.id FROM json_each(?1) j CROSS JOIN blobs b ON b.id = j.value
       WHERE b.pack_objects IS NOT NULL AND b.condemned_ms IS NULL
         AND 2 * (SELECT count(*) FROM blob_refs r WHERE r.blob_id = b.id) < b.pack_objects`,
      JSON.stringify(blobIds),
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Where the bytes of these versions are now; those that are gone are left out. */
  async contents(table: VersionTable, places: readonly VersionPlace[]): Promise<PackedContent[]> {
    const rows = await this.#database.all<VersionPlace & Sized & RawContent>(
      `SELECT bucket_id AS "bucketId", key, seq, id, size_bytes AS "sizeBytes", extents, inline_body AS "inlineBody", attributes,
         storage_class AS "storageClass", attributes ->> '$.tier' AS tier,
         attributes ->> '$.encryption.sealed' AS sealed, (SELECT name FROM buckets b WHERE b.id = bucket_id) AS "bucketName"
       FROM ${table} WHERE (bucket_id, key, seq) IN (${PLACES})`,
      JSON.stringify(places.map(({ bucketId, key, seq }) => [bucketId, key, seq])),
    );
    return rows.map(({ bucketId, key, seq, extents, inlineBody, attributes, ...row }) => {
      const from = { extents: parseJson<ExtentRow[]>(extents), inlineBody };
      return { ...row, place: { bucketId, key, seq }, from, attributes: JSON.parse(attributes) };
    });
  }

  /**
   * Makes versions refer to `blob` instead of what they held, in one transaction. A version that was replaced, removed, moved
   * or given another class meanwhile stays as it is; if that is all of them, the blob is condemned at once. What the moved ones held before becomes
   * trash. Moving the same twice is harmless. Returns the ids of those moved.
   */
  async move(table: VersionTable, blob: BlobRow, moves: readonly Move[], options: MoveOptions): Promise<string[]> {
    const { nowMs, packObjects } = options;
    const rows = moves.map((move) => [
      move.place.bucketId,
      move.place.key,
      move.place.seq,
      move.id,
      JSON.stringify(move.to),
      move.from.extents === null ? null : JSON.stringify(move.from.extents),
      move.sealed,
      move.storageClass,
      move.tier,
    ]);
    const list = JSON.stringify(rows);
    const unchanged = `v.id = m.value ->> 3 AND v.extents IS m.value ->> 5
      AND v.attributes ->> '$.encryption.sealed' IS m.value ->> 6
      AND v.storage_class = m.value ->> 7 AND v.attributes ->> '$.tier' IS m.value ->> 8`;
    const place = "v.bucket_id = m.value ->> 0 AND v.key = m.value ->> 1 AND v.seq = m.value ->> 2";
    const statements: Statement[] = [
      insertBlobs([blob], packObjects),
      {
        sql: `INSERT OR IGNORE INTO trash (dropped_ms, id, extents)
              SELECT ?2, v.id, v.extents FROM json_each(?1) m CROSS JOIN ${table} v ON ${place}
              WHERE ${unchanged} AND v.extents IS NOT NULL`,
        values: [list, nowMs],
      },
      {
        sql: `INSERT OR IGNORE INTO blob_refs (blob_id, referent)
              SELECT ?2, v.id FROM json_each(?1) m CROSS JOIN ${table} v ON ${place} WHERE ${unchanged}`,
        values: [list, blob.id],
      },
      {
        sql: `UPDATE ${table} AS v SET extents = m.value ->> 4, inline_body = NULL FROM json_each(?1) m
              WHERE ${place} AND ${unchanged}
              RETURNING id`,
        values: [list],
      },
      {
        sql: `UPDATE blobs SET condemned_ms = ?2 WHERE id = ?1 AND condemned_ms IS NULL
              AND NOT EXISTS (SELECT 1 FROM blob_refs WHERE blob_id = ?1)`,
        values: [blob.id, nowMs],
      },
      ...noteMissing([blob], nowMs),
    ];
    const results: unknown[][] = await this.#database.batch<unknown[]>(statements);
    return (results[3] as { id: string }[]).map(({ id }) => id);
  }
}

export interface MoveOptions {
  nowMs: number;
  /** How many objects the blob was made of, if it is a pack; null otherwise. */
  packObjects: number | null;
}

interface Sized {
  id: string;
  sizeBytes: number;
}
interface RawContent {
  attributes: string;
  storageClass: string;
  tier: string | null;
  sealed: string | null;
  bucketName: string;
  extents: string | null;
  inlineBody: string | null;
}

const PLACES = "SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";
