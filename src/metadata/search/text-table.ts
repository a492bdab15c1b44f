import type { Statement } from "../database.ts";

/** Columns of table search_text, each of which a query may search alone. */
export const TEXT_COLUMNS = ["key", "tags", "metadata"] as const;
export type TextColumn = (typeof TEXT_COLUMNS)[number];

/** Ids of search_texts of one index begin with it: see migrations/0032_search_texts.sql. */
export const TEXT_ID_BITS = 36;

const MISSING = "NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'search_text')";

const statement = (sql: string): Statement => ({ sql, values: [] });

/** The words of an object, by its row in search_texts. */
const TEXT = `SELECT NEW.id, o.key,
  (SELECT group_concat((t.value ->> 0) || ' ' || (t.value ->> 1), ' ') FROM json_each(o.tags) t),
  CASE WHEN coalesce(o.attributes ->> '$.encryption.form', '') <> 'SSE-C'
    THEN (SELECT group_concat(m.key || ' ' || m.value, ' ') FROM json_each(o.attributes, '$.user') m) END
  FROM search_indexes i CROSS JOIN objects o ON o.bucket_id = i.bucket_id AND o.key = NEW.key WHERE i.id = NEW.index_id`;

/**
 * Makes the table of words where it is missing, and the triggers that fill it from search_texts. Indexes that had theirs in a table which is gone,
 * because the database was restored or the table dropped, are filled again. Content is not stored: SQLite has the words' places alone.
 */
export const MAKE_TEXT_TABLE: readonly Statement[] = [
  statement(`UPDATE search_indexes SET filled_to = '' WHERE text = 1 AND dropped_ms IS NULL AND ${MISSING}`),
  statement("DROP TRIGGER IF EXISTS search_text_of_new_row"),
  statement("DROP TRIGGER IF EXISTS search_text_of_old_row"),
  statement(`DELETE FROM search_texts WHERE ${MISSING}`),
  statement(`CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING fts5(${TEXT_COLUMNS.join(", ")}, content='', contentless_delete=1,
    tokenize='unicode61 remove_diacritics 2')`),
  statement(`CREATE TRIGGER search_text_of_new_row AFTER INSERT ON search_texts BEGIN
    INSERT INTO search_text (rowid, ${TEXT_COLUMNS.join(", ")}) ${TEXT}; END`),
  statement(`CREATE TRIGGER search_text_of_old_row AFTER DELETE ON search_texts BEGIN
    DELETE FROM search_text WHERE rowid = OLD.id; END`),
];

/** Takes the table away, with what the triggers were for. */
export const DROP_TEXT_TABLE: readonly Statement[] = [
  statement("DROP TRIGGER IF EXISTS search_text_of_new_row"),
  statement("DROP TRIGGER IF EXISTS search_text_of_old_row"),
  statement("DROP TABLE IF EXISTS search_text"),
];

/** The table of words is there, and no index has words. */
export const HAS_UNUSED_TEXT_TABLE = `(NOT ${MISSING} AND NOT EXISTS (SELECT 1 FROM search_indexes WHERE text = 1))`;

/** An index whose words are in a table that is not there. */
export const LOST_ITS_TEXT = `text = 1 AND ${MISSING}`;

/** Adds the rows of an index (?1) whose keys are behind ?3, and not behind ?4 if there is one. */
export function fillTexts(isBounded: boolean): string {
  return `INSERT OR IGNORE INTO search_texts (id, index_id, key)
    SELECT coalesce((SELECT max(t.id) FROM search_texts t WHERE t.id > ?1 << ${TEXT_ID_BITS} AND t.id < (?1 + 1) << ${TEXT_ID_BITS}),
      ?1 << ${TEXT_ID_BITS}) + row_number() OVER (ORDER BY o.key), i.id, o.key
    FROM search_indexes i CROSS JOIN objects o ON o.bucket_id = i.bucket_id
    WHERE i.id = ?1 AND i.text = 1 AND i.dropped_ms IS NULL AND o.bucket_id = ?2 AND o.key > ?3${isBounded ? " AND o.key <= ?4" : ""}`;
}
