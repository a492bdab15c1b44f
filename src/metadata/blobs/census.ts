import type { Database } from "../database.ts";
import { type BlobRow, parseBlob, parseJson, type RawBlob } from "../rows.ts";

/** A blob with what is known of its shards' health. */
export interface CountedBlob extends BlobRow {
  /** Shards noted as missing or wrong. */
  damaged: number[];
  /** When each shard was last verified; null: never. */
  verifiedMs: (number | null)[];
}

/** What waits for background work. Counts stop at `BACKLOG_MAX`. */
export interface Backlog {
  trash: Waiting;
  condemned: Waiting;
  damage: Waiting;
  uploads: Waiting;
  /** News of changes that nobody has been told of. */
  news: Waiting;
  /** Messages that their targets did not take. */
  undelivered: Waiting;
  /** Messages of topics that have not reached every subscription. */
  publications: Waiting;
  /** Messages for endpoints of subscriptions. */
  deliveries: Waiting;
}

export interface Waiting {
  readonly rows: number;
  readonly oldestMs: number | null;
}

const BACKLOG_MAX = 10_000;

/** What the durability report asks of D1. */
export class CensusTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Blobs after `afterId`, in order of age; condemned ones are left out. */
  async blobs(afterId: string, limit: number): Promise<CountedBlob[]> {
    type Raw = RawBlob & { verified_ms: string | null; damaged: string };
    const rows = await this.#database.all<Raw>(
      `SELECT id, k, m, block_bytes, size_bytes, crc64nvme, shards, verified_ms,
         (SELECT json_group_array(d.shard) FROM damage d WHERE d.blob_id = b.id AND d.cause <> 'draining') AS damaged
       FROM blobs b WHERE id > ?1 AND condemned_ms IS NULL ORDER BY id LIMIT ?2`,
      afterId,
      limit,
    );
    return rows.map((row) => ({
      ...parseBlob(row),
      damaged: JSON.parse(row.damaged),
      verifiedMs: parseJson<(number | null)[]>(row.verified_ms) ?? [],
    }));
  }

  /** Blobs in the healer's queue by their good shards beyond the k that are needed (-1: fewer than k). Counts up to `BACKLOG_MAX`. */
  async ailing(): Promise<Record<string, number>> {
    const rows = await this.#database.all<{ spare: number; blobs: number }>(
      `SELECT spare_shards AS spare, count(*) AS blobs FROM (
         SELECT spare_shards FROM blobs WHERE spare_shards IS NOT NULL AND condemned_ms IS NULL
         ORDER BY spare_shards LIMIT ${BACKLOG_MAX}
       ) GROUP BY spare_shards`,
    );
    return Object.fromEntries(rows.map(({ spare, blobs }) => [spare, blobs]));
  }

  /** One round trip; reads at most `BACKLOG_MAX` rows of each table. */
  async backlog(): Promise<Backlog> {
    const counted = (table: string, column: string, where = "") =>
      `SELECT count(*) AS rows, min(at) AS "oldestMs"
       FROM (SELECT ${column} AS at FROM ${table} ${where} ORDER BY ${column} LIMIT ${BACKLOG_MAX})`;
    const unordered = (table: string, column: string) =>
      `SELECT count(*) AS rows, min(at) AS "oldestMs" FROM (SELECT ${column} AS at FROM ${table} LIMIT ${BACKLOG_MAX})`;
    const queries: Readonly<Record<keyof Backlog, string>> = {
      trash: counted("trash", "dropped_ms"),
      condemned: counted("blobs", "condemned_ms", "WHERE condemned_ms IS NOT NULL"),
      damage: unordered("damage", "noted_ms"),
      uploads: counted("uploads", "initiated_ms"),
      news: unordered("outbox", "at_ms"),
      undelivered: unordered("undelivered", "since_ms"),
      publications: unordered("publications", "at_ms"),
      deliveries: unordered("deliveries", "since_ms"),
    };
    const names = Object.keys(queries) as (keyof Backlog)[];
    const counts = await this.#database.batch<Waiting[]>(names.map((name) => ({ sql: queries[name], values: [] })));
    const entries = names.map((name, index) => [name, counts[index]?.[0] ?? { rows: 0, oldestMs: null }]);
    return Object.fromEntries(entries) as Backlog;
  }
}
