import type { Database, Statement } from "../database.ts";
import { DROP_TEXT_TABLE, fillTexts, HAS_UNUSED_TEXT_TABLE, LOST_ITS_TEXT, MAKE_TEXT_TABLE } from "./text-table.ts";

/** What of its objects a bucket's index is of. */
export const SEARCH_FIELDS = ["tags", "metadata", "lastModified", "size", "text"] as const;
export type SearchField = (typeof SEARCH_FIELDS)[number];

/** An index that is complete. */
export interface SearchIndex {
  /** Never used twice: an index with other fields is another one. */
  readonly id: number;
  readonly fields: ReadonlySet<SearchField>;
}

export interface BucketSearchIndex {
  readonly bucketId: number;
  /** Null: the bucket has none. */
  readonly index: (SearchIndex & { readonly filledTo: string | null }) | null;
}

/** An index that is still to be filled, from the key after `filledTo` on. */
export interface UnfilledIndex {
  readonly id: number;
  readonly bucketId: number;
  readonly filledTo: string;
}

const COLUMNS: Readonly<Record<SearchField, string>> = {
  tags: "tags",
  metadata: "metadata",
  lastModified: "modified",
  size: "size",
  text: "text",
};

type RawIndex = Record<"id" | "tags" | "metadata" | "modified" | "size" | "text", number>;

/**
 * Indexes by which the objects of a bucket are searched. Triggers keep them in the batch of each write (migrations/0030_search_indexes.sql and
 * 0032_search_texts.sql): no statement of the store mentions them. Each method is one round trip unless it says otherwise.
 */
export class SearchTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Null: there is no such bucket. */
  async ofBucket(bucket: string): Promise<BucketSearchIndex | null> {
    const [row] = await this.#database.all<RawIndex & { bucketId: number; id: number | null; filledTo: string | null }>(
      `SELECT b.id AS "bucketId", i.id, i.tags, i.metadata, i.modified, i.size, i.text, i.filled_to AS "filledTo" FROM buckets b
       LEFT JOIN search_indexes i ON i.bucket_id = b.id AND i.dropped_ms IS NULL WHERE b.name = ?1`,
      bucket,
    );
    if (!row) return null;
    const { bucketId, id, filledTo } = row;
    return { bucketId, index: id === null ? null : { ...parsed({ ...row, id }), filledTo } };
  }

  /** Complete indexes of all buckets of an account, or of those that are named. By the bucket's id. */
  async complete(options: {
    ownerAccount: string;
    isFirst: boolean;
    names: readonly string[] | null;
  }): Promise<ReadonlyMap<number, SearchIndex>> {
    const rows = await this.#database.all<RawIndex & { bucketId: number }>(
      `SELECT i.id, i.bucket_id AS "bucketId", i.tags, i.metadata, i.modified, i.size, i.text FROM search_indexes i
       JOIN buckets b ON b.id = i.bucket_id WHERE i.dropped_ms IS NULL AND i.filled_to IS NULL
         AND CASE WHEN ?3 IS NOT NULL THEN b.name IN (SELECT value FROM json_each(?3))
           ELSE b.owner_account = ?1 OR (?2 = 1 AND b.owner_account IS NULL) END`,
      options.ownerAccount,
      options.isFirst ? 1 : 0,
      options.names === null ? null : JSON.stringify(options.names),
    );
    return new Map(rows.map((row) => [row.bucketId, parsed(row)]));
  }

  /** Begins an index with these fields, in the place of one with others. One that has them stays as it is. */
  async set(bucketId: number, fields: ReadonlySet<SearchField>, nowMs: number): Promise<void> {
    const flags = SEARCH_FIELDS.map((field) => (fields.has(field) ? 1 : 0));
    const same = "(tags, metadata, modified, size, text) = (?2, ?3, ?4, ?5, ?6)";
    await this.#database.batch([
      ...(fields.has("text") ? MAKE_TEXT_TABLE : []),
      {
        sql: `UPDATE search_indexes SET dropped_ms = ?7 WHERE bucket_id = ?1 AND dropped_ms IS NULL AND NOT ${same}`,
        values: [bucketId, ...flags, nowMs],
      },
      {
        sql: `INSERT INTO search_indexes (bucket_id, tags, metadata, modified, size, text)
              SELECT id, ?2, ?3, ?4, ?5, ?6 FROM buckets WHERE id = ?1
                AND NOT EXISTS (SELECT 1 FROM search_indexes WHERE bucket_id = ?1 AND dropped_ms IS NULL)`,
        values: [bucketId, ...flags],
      },
    ]);
  }

  /** Nothing is kept any more. What there is goes later: see `sweep`. */
  async drop(bucketId: number, nowMs: number): Promise<void> {
    await this.#database.all(
      "UPDATE search_indexes SET dropped_ms = ?2 WHERE bucket_id = ?1 AND dropped_ms IS NULL",
      bucketId,
      nowMs,
    );
  }

  /**
   * An index that is to be filled; null: all are complete. Those whose words are gone are begun again, because the table is not part of a snapshot
   * nor of an export: two round trips more then.
   */
  async unfilled(): Promise<UnfilledIndex | null> {
    const [row] = await this.#database.all<UnfilledIndex & { isLost: number }>(
      `SELECT id, bucket_id AS "bucketId", filled_to AS "filledTo", ${LOST_ITS_TEXT} AS "isLost" FROM search_indexes
       WHERE (filled_to IS NOT NULL OR ${LOST_ITS_TEXT}) AND dropped_ms IS NULL LIMIT 1`,
    );
    if (row?.isLost !== 1) return row ?? null;
    await this.#database.batch([...MAKE_TEXT_TABLE]);
    return this.unfilled();
  }

  /**
   * Adds the next `limit` keys to an index. Two round trips. What triggers have added meanwhile stays; if another run has added the same keys,
   * nothing changes. Returns whether it is complete.
   */
  async fillOn({ id, bucketId, filledTo }: UnfilledIndex, limit: number): Promise<boolean> {
    const [last] = await this.#database.all<{ key: string }>(
      "SELECT key FROM objects WHERE bucket_id = ?1 AND key > ?2 ORDER BY key LIMIT 1 OFFSET ?3",
      ...[bucketId, filledTo, limit - 1],
    );
    const to = last?.key ?? null;
    // With "OR ?4 IS NULL" SQLite would read to the end of the bucket.
    const values = to === null ? [id, bucketId, filledTo] : [id, bucketId, filledTo, to];
    await this.#database.batch([
      {
        sql: `INSERT OR IGNORE INTO search_values (index_id, field, value, key)
              SELECT e.index_id, e.field, e.value, e.key FROM search_entries e
              WHERE e.bucket_id = ?2 AND e.key > ?3${to === null ? "" : " AND e.key <= ?4"} AND e.index_id = ?1 AND e.value IS NOT NULL`,
        values,
      },
      { sql: fillTexts(to !== null), values },
      {
        sql: "UPDATE search_indexes SET filled_to = ?3 WHERE id = ?1 AND filled_to = ?2",
        values: [id, filledTo, to],
      },
    ]);
    return to === null;
  }

  /**
   * Takes away up to `limit` values, and as many texts, of an index that was dropped before `beforeMs`: queries that began before are over then. The
   * table of words goes at the call after the one that took the last index of texts. Two round trips. Returns how many; null: there is no such index.
   */
  async sweep(beforeMs: number, limit: number): Promise<number | null> {
    const [found] = await this.#database.all<{ id: number | null; isUnused: number }>(
      `SELECT (SELECT id FROM search_indexes WHERE dropped_ms <= ?1 LIMIT 1) AS "id", ${HAS_UNUSED_TEXT_TABLE} AS "isUnused"`,
      beforeMs,
    );
    // A table that an index takes into use meanwhile is made again: see `unfilled`.
    if (found?.isUnused === 1) await this.#database.batch([...DROP_TEXT_TABLE]);
    const id = found?.id ?? null;
    if (id === null) return null;
    const [values, texts] = await this.#database.batch<[unknown, unknown, unknown]>(swept(id, limit));
    return values.length + texts.length;
  }
}

function swept(id: number, limit: number): Statement[] {
  return [
    {
      sql: `DELETE FROM search_values WHERE (index_id, field, value, key) IN
              (SELECT index_id, field, value, key FROM search_values WHERE index_id = ?1 LIMIT ?2) RETURNING 1`,
      values: [id, limit],
    },
    {
      sql: `DELETE FROM search_texts WHERE id IN (SELECT id FROM search_texts WHERE index_id = ?1 LIMIT ?2) RETURNING 1`,
      values: [id, limit],
    },
    {
      sql: `DELETE FROM search_indexes WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM search_values WHERE index_id = ?1)
              AND NOT EXISTS (SELECT 1 FROM search_texts WHERE index_id = ?1) RETURNING 1`,
      values: [id],
    },
  ];
}

function parsed(row: RawIndex): SearchIndex {
  const has = (field: SearchField) => row[COLUMNS[field] as keyof RawIndex] === 1;
  return { id: row.id, fields: new Set(SEARCH_FIELDS.filter(has)) };
}
