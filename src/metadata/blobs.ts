import { type DamageCause, noteDamage } from "./damage.ts";
import type { Database } from "./database.ts";
import { type BlobRow, type ExtentRow, parseBlob, type RawBlob } from "./rows.ts";

const COLUMNS = "id, k, m, block_bytes, size_bytes, crc64nvme, shards";

export interface TrashRow {
  droppedMs: number;
  id: string;
  extents: ExtentRow[];
}

/** Blobs and what holds them. States of a blob: held by references → condemned (no reference is left, none can be added) → gone. */
export class BlobTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The blobs with these ids, in no order; those that are gone are left out. */
  async find(ids: readonly string[]): Promise<BlobRow[]> {
    const raw = await this.#database.all<RawBlob>(
      `SELECT ${COLUMNS} FROM blobs WHERE id IN (SELECT value FROM json_each(?1))`,
      JSON.stringify(ids),
    );
    return raw.map(parseBlob);
  }

  /** Notes shards that a reader found absent or wrong, for healing. A blob that is gone meanwhile is passed over. */
  async noteDamage(
    blobId: string,
    found: readonly { shard: number; cause: DamageCause }[],
    nowMs: number,
  ): Promise<void> {
    const damage = found.map(({ shard, cause }) => ({ blobId, shard, cause }));
    if (damage.length > 0) await this.#database.batch(noteDamage(damage, nowMs));
  }

  /** The oldest trash dropped before `beforeMs`. */
  async trash(beforeMs: number, limit: number): Promise<TrashRow[]> {
    const rows = await this.#database.all<{ droppedMs: number; id: string; extents: string }>(
      `SELECT dropped_ms AS "droppedMs", id, extents FROM trash WHERE dropped_ms < ?1 ORDER BY dropped_ms, id LIMIT ?2`,
      beforeMs,
      limit,
    );
    return rows.map((row) => ({ ...row, extents: JSON.parse(row.extents) }));
  }

  /**
   * Empties this trash, in one transaction: its references go, and blobs that have none left are condemned. Idempotent.
   * From then on a commit that would refer to such a blob fails (guard blob_gone).
   */
  async releaseTrash(rows: readonly TrashRow[], nowMs: number): Promise<void> {
    const pairs = JSON.stringify(rows.flatMap((row) => row.extents.map((extent) => [extent[2], extent[4]])));
    const keys = JSON.stringify(rows.map((row) => [row.droppedMs, row.id]));
    const blobIds = "SELECT json_extract(value, '$[0]') FROM json_each(?1)";
    await this.#database.batch([
      {
        sql: `DELETE FROM blob_refs WHERE (blob_id, referent) IN
              (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))`,
        values: [pairs],
      },
      {
        sql: `UPDATE blobs SET condemned_ms = ?2 WHERE id IN (${blobIds}) AND condemned_ms IS NULL
              AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.blob_id = blobs.id)`,
        values: [pairs, nowMs],
      },
      {
        sql: `DELETE FROM trash WHERE (dropped_ms, id) IN
              (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))`,
        values: [keys],
      },
    ]);
  }

  /** Condemned blobs, oldest first. */
  async condemned(limit: number): Promise<BlobRow[]> {
    const raw = await this.#database.all<RawBlob>(
      `SELECT ${COLUMNS} FROM blobs WHERE condemned_ms IS NOT NULL ORDER BY condemned_ms LIMIT ?1`,
      limit,
    );
    return raw.map(parseBlob);
  }

  /** Forgets condemned blobs whose shards are deleted. */
  async forget(ids: readonly string[]): Promise<void> {
    const these = "(SELECT value FROM json_each(?1))";
    const values = [JSON.stringify(ids)];
    await this.#database.batch([
      { sql: `DELETE FROM damage WHERE blob_id IN ${these}`, values },
      { sql: `DELETE FROM blobs WHERE id IN ${these} AND condemned_ms IS NOT NULL`, values },
    ]);
  }
}
