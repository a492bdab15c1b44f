import type { Database } from "../database.ts";

/**
 * Why a drive may lack many shards at once. `emptied`: its marker was gone. `swapped`, `foreign`: another drive lies in its place. Then all
 * that it should hold is queued. `older`: it came back as it was earlier. `patchy`: a sample of its shards was not all there. `asked`:
 * somebody wants it looked at. Then each shard is looked for, and those that are absent are queued.
 */
export type LossCause = "emptied" | "older" | "patchy" | "swapped" | "foreign" | "asked";

/** Shards that a drive may lack. States: open (`queuedMs` null) → queued (all are in the healer's queue) → healed. */
export interface DriveLoss {
  drive: string;
  noticedMs: number;
  cause: LossCause;
  /** Shards whose ids are from `fromId` on and before `beforeId`: those that were written in that time. */
  fromId: string;
  beforeId: string;
  /** Blobs up to this one are queued. */
  afterId: string;
  notedShards: number;
  queuedMs: number | null;
}

const COLUMNS = `drive, noticed_ms AS "noticedMs", cause, from_id AS "fromId", before_id AS "beforeId", after_id AS "afterId",
  noted_shards AS "notedShards", queued_ms AS "queuedMs"`;

/** What drives of this database were found to lack. Each method is one round trip. */
export class LossTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Losses that are not healed yet, the oldest first. */
  open(): Promise<DriveLoss[]> {
    return this.#database.all<DriveLoss>(
      `SELECT ${COLUMNS} FROM drive_losses WHERE healed_ms IS NULL ORDER BY noticed_ms, drive`,
    );
  }

  /** Records a loss; one that was recorded before reaches to the new `beforeId` and is queued from the start again. */
  async add(loss: Pick<DriveLoss, "drive" | "noticedMs" | "cause" | "fromId" | "beforeId">): Promise<void> {
    await this.#database.all(
      `INSERT INTO drive_losses (drive, noticed_ms, cause, from_id, before_id) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (drive, noticed_ms) DO UPDATE SET before_id = excluded.before_id, after_id = '', queued_ms = NULL,
         healed_ms = NULL`,
      loss.drive,
      loss.noticedMs,
      loss.cause,
      loss.fromId,
      loss.beforeId,
    );
  }

  /** Notes how far the queueing of these has come. */
  async progress(losses: readonly Omit<DriveLoss, "cause" | "fromId">[]): Promise<void> {
    const rows = losses.map((loss) => [
      loss.drive,
      loss.noticedMs,
      loss.afterId,
      loss.notedShards,
      loss.queuedMs,
      loss.beforeId,
    ]);
    await this.#database.all(
      `UPDATE drive_losses SET after_id = l.value ->> 2, noted_shards = l.value ->> 3, queued_ms = l.value ->> 4
       FROM json_each(?1) l
       WHERE drive = l.value ->> 0 AND noticed_ms = l.value ->> 1 AND before_id = l.value ->> 5`,
      JSON.stringify(rows),
    );
  }

  /** Ends the losses that are queued if nothing of any is left in the healer's queue; forgets those that ended long ago. */
  async end(nowMs: number, forgetBeforeMs: number): Promise<void> {
    await this.#database.batch([
      {
        sql: `UPDATE drive_losses SET healed_ms = ?1 WHERE healed_ms IS NULL AND queued_ms IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM damage WHERE cause = 'lost')`,
        values: [nowMs],
      },
      { sql: "DELETE FROM drive_losses WHERE healed_ms < ?1", values: [forgetBeforeMs] },
    ]);
  }

  /** Up to `limit` blobs from `fromId` on with where their shards lie and which of them are noted as damaged. */
  async sample(fromId: string, limit: number): Promise<SampledBlob[]> {
    const rows = await this.#database.all<{ id: string; shards: string; damaged: string }>(
      `SELECT id, shards, (SELECT json_group_array(d.shard) FROM damage d WHERE d.blob_id = b.id) AS damaged
       FROM blobs b WHERE id >= ?1 AND condemned_ms IS NULL ORDER BY id LIMIT ?2`,
      fromId,
      limit,
    );
    return rows.map(({ id, shards, damaged }) => ({ id, shards: JSON.parse(shards), damaged: JSON.parse(damaged) }));
  }

  /** Ids of the oldest and the newest blob; null if there is none. */
  async span(): Promise<{ firstId: string; lastId: string } | null> {
    const [row] = await this.#database.all<{ firstId: string | null; lastId: string | null }>(
      `SELECT (SELECT id FROM blobs ORDER BY id LIMIT 1) AS "firstId",
              (SELECT id FROM blobs ORDER BY id DESC LIMIT 1) AS "lastId"`,
    );
    return row?.firstId && row.lastId ? { firstId: row.firstId, lastId: row.lastId } : null;
  }
}

export interface SampledBlob {
  id: string;
  shards: ([drive: string, key: string] | null)[];
  damaged: number[];
}
