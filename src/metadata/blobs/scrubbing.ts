import type { Database, Statement } from "../database.ts";
import { type BlobRow, parseBlob, parseJson, type RawBlob } from "../rows.ts";
import { type FoundDamage, noteDamage } from "./damage.ts";

/** By shard: when every frame of it was last read and found right; null: not since it was written. */
export type VerifiedTimes = (number | null)[];

export interface ScrubbedBlob extends BlobRow {
  verifiedMs: VerifiedTimes;
}

/** What the scrub asks of D1. Each method is one round trip. */
export class ScrubbingTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Bytes of all shards of the blobs after `afterId`, headers and checks left out. Reads the row of each. */
  async bytesAfter(afterId: string): Promise<number> {
    const [row] = await this.#database.all<{ bytes: number | null }>(
      "SELECT sum(size_bytes * (k + m) / k) AS bytes FROM blobs WHERE id > ?1 AND condemned_ms IS NULL",
      afterId,
    );
    return row?.bytes ?? 0;
  }

  /** Blobs from `fromId` (`isAfter`: after it) on, in order of age; condemned ones are left out. */
  async blobs({ fromId, isAfter }: { fromId: string; isAfter: boolean }, limit: number): Promise<ScrubbedBlob[]> {
    const rows = await this.#database.all<RawBlob & { verified_ms: string | null }>(
      `SELECT id, k, m, block_bytes, size_bytes, crc64nvme, shards, verified_ms FROM blobs
       WHERE id ${isAfter ? ">" : ">="} ?1 AND condemned_ms IS NULL ORDER BY id LIMIT ?2`,
      fromId,
      limit,
    );
    return rows.map((row) => ({ ...parseBlob(row), verifiedMs: parseJson<VerifiedTimes>(row.verified_ms) ?? [] }));
  }

  /** Keeps when shards were verified, of blobs whose shards are still where they were, and notes what was found damaged. */
  async record(scrubbed: readonly ScrubbedBlob[], found: readonly FoundDamage[], nowMs: number): Promise<void> {
    const list = scrubbed.map(({ id, shards, verifiedMs }) => [id, JSON.stringify(shards), JSON.stringify(verifiedMs)]);
    const keep: Statement = {
      sql: `UPDATE blobs SET verified_ms = l.value ->> 2 FROM json_each(?1) l
            WHERE blobs.id = l.value ->> 0 AND blobs.shards = l.value ->> 1`,
      values: [JSON.stringify(list)],
    };
    const statements = [...(list.length > 0 ? [keep] : []), ...noteDamage(found, nowMs)];
    if (statements.length > 0) await this.#database.batch(statements);
  }
}
