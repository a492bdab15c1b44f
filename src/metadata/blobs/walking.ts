import { requireIdentity } from "../buckets/identity.ts";
import type { Database } from "../database.ts";

/** A shard as a drive lists it. */
export interface ListedShard {
  blobId: string;
  key: string;
}

/** What the walk over the drives asks of D1. Each method is one round trip. */
export class WalkingTable {
  readonly #database: Database;
  readonly #name: string;

  /** `name`: what the database is called. */
  constructor(database: Database, name: string) {
    this.#database = database;
    this.#name = name;
  }

  /**
   * Since when this database knows every shard that was written, in milliseconds since 1970. Decided by the first call: the time
   * of the oldest bucket, or now. A database that is new to drives in use takes nothing on them for an orphan. Throws `GuardError`
   * wrong_database if this is another database than the configuration takes it for: it would know none of the shards.
   */
  async epochMs(nowMs: number): Promise<number> {
    const rows = await this.#database.batch<{ sinceMs: number }[]>([
      ...requireIdentity(this.#name),
      {
        sql: "INSERT OR IGNORE INTO epoch (id, since_ms) SELECT 1, coalesce((SELECT min(created_ms) FROM buckets), ?1)",
        values: [nowMs],
      },
      { sql: `SELECT since_ms AS "sinceMs" FROM epoch`, values: [] },
    ]);
    const epoch = rows.at(-1) as { sinceMs: number }[];
    return epoch[0]?.sinceMs ?? nowMs;
  }

  /**
   * Keys of those shards on `drive` that no row names. A blob of which a shard was rewritten since `movedBeforeMs` keeps
   * the old one: reads that began before may have it open.
   */
  async orphans(drive: string, shards: readonly ListedShard[], movedBeforeMs: number): Promise<Set<string>> {
    const rows = await this.#database.all<{ key: string }>(
      `SELECT l.value ->> 1 AS key FROM json_each(?1) l LEFT JOIN blobs b ON b.id = l.value ->> 0
       WHERE b.id IS NULL OR (coalesce(b.moved_ms, 0) < ?3 AND NOT EXISTS (
         SELECT 1 FROM json_each(b.shards) s WHERE s.value ->> 0 = ?2 AND s.value ->> 1 = l.value ->> 1
       ))`,
      JSON.stringify(shards.map(({ blobId, key }) => [blobId, key])),
      drive,
      movedBeforeMs,
    );
    return new Set(rows.map(({ key }) => key));
  }
}
