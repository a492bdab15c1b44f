import { TEXT_COLUMNS, TEXT_ID_BITS, type TextColumn } from "../search/text-table.ts";
import { quoteText } from "./quote.ts";

/** An expression of FTS5 about some of the columns alone. */
export function inColumns(fts: string, columns: readonly TextColumn[]): string {
  return columns.length === TEXT_COLUMNS.length ? fts : `{${columns.join(" ")}} : (${fts})`;
}

/** FROM and WHERE of the objects whose words match, of one index: their keys are those of `keys`. */
export function textRows(
  { indexId, fts }: { indexId: number; fts: string },
  { words, keys }: { words: string; keys: string },
): { from: string; where: string[] } {
  return {
    from: `search_text AS ${words} CROSS JOIN search_texts AS ${keys}`,
    where: [`${words}.search_text MATCH ${quoteText(fts)}`, idsOf(indexId, words), `${keys}.id = ${words}.rowid`],
  };
}

/** FTS5 begins at the first id and stops behind the last, so that it does not visit objects of other indexes. That holds for whole words alone. */
function idsOf(indexId: number, words: string): string {
  return `${words}.rowid BETWEEN (${indexId} << ${TEXT_ID_BITS}) + 1 AND (${indexId + 1} << ${TEXT_ID_BITS}) - 1`;
}

/** SELECT of a row for each object of an index that has a word, for each of the words, whatever the column. */
export function termPlaces(indexId: number, terms: readonly string[]): string {
  const list = quoteText(JSON.stringify(terms.map((term) => `"${term}"`)));
  return `SELECT 1 FROM json_each(${list}) AS t$count CROSS JOIN search_text AS w$count
    WHERE w$count.search_text MATCH t$count.value AND ${idsOf(indexId, "w$count")}`;
}

/** What of an object's words the caller may see: SQL of a condition on it, and the columns. */
export interface TextClass {
  readonly condition: string;
  readonly columns: readonly TextColumn[];
}

/**
 * SQL of whether the words of one object match: those in the columns of the first class whose condition holds. An object in no class has no words.
 * `key`: SQL of its key.
 */
export function matchesText(
  { indexId, fts }: { indexId: number; fts: string },
  { key, classes, number }: { key: string; classes: readonly TextClass[]; number: number },
): string {
  const [keys, words] = [`h$${number}`, `f$${number}`];
  const sought = ({ columns }: TextClass) => quoteText(columns.length === 0 ? NO_WORDS : inColumns(fts, columns));
  const [first] = classes;
  const isOne = first?.condition === "1";
  const whens = classes.map((one) => ` WHEN ${one.condition} THEN ${sought(one)}`);
  const all = isOne ? sought(first) : `CASE${whens.join("")} ELSE ${quoteText(NO_WORDS)} END`;
  // A subquery with one value is not made a join, so SQLite keeps the order: the object first, then its words.
  return `((SELECT 1 FROM search_texts AS ${keys} CROSS JOIN search_text AS ${words}
    WHERE ${keys}.index_id = ${indexId} AND ${keys}.key = ${key} AND ${words}.rowid = ${keys}.id AND ${words}.search_text MATCH ${all}) IS NOT NULL)`;
}

/** A phrase of FTS5 that matches nothing. */
const NO_WORDS = '""';
