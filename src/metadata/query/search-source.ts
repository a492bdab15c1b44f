import type { KeyRange } from "../../base/key-range.ts";
import { quoteText } from "./quote.ts";
import { textRows } from "./text-source.ts";

/** Values of a bucket's index that hold the keys of all objects for which a condition is true, and perhaps of others. */
export interface SearchUse {
  readonly indexId: number;
  /** As table search_values has it: `tag:team`. Or TEXT_FIELD. */
  readonly field: string;
  /** SQL of what a value must be, each as it stands behind it: `= 'film'`, `>= 7`. Of texts, what FTS5 is asked for. */
  readonly conditions: readonly string[];
  /** One value: its keys are in order, and a range of them is read alone. */
  readonly isPoint: boolean;
  /** Of texts: each word of what FTS5 is asked for. */
  readonly terms?: readonly string[];
}

/** The objects whose words match: their order is that of ids. */
export const TEXT_FIELD = "text";

/** FROM and WHERE that read the values within the ranges of keys. */
export function searchRows(use: SearchUse, alias: string, keys: readonly KeyRange[]): { from: string; where: string } {
  const { indexId, field, conditions, isPoint } = use;
  const [first] = keys;
  const isRange = isPoint && keys.length === 1 && first !== undefined;
  // With + SQLite does not look for an index.
  const column = isRange ? `${alias}.key` : `+${alias}.key`;
  const ranges = keys.map(({ lo, hi }) => {
    const parts = [...(lo === "" ? [] : [`${column} >= ${quoteText(lo)}`])];
    if (hi !== null) parts.push(`${column} < ${quoteText(hi)}`);
    return parts.join(" AND ");
  });
  const inRanges = ranges.some((range) => range === "") ? [] : [`(${ranges.join(" OR ") || "0"})`];
  if (field === TEXT_FIELD) {
    const words = alias.replace(/^./, "w");
    const texts = textRows({ indexId, fts: conditions[0] ?? "" }, { words, keys: alias });
    return { from: texts.from, where: [...texts.where, ...inRanges].join(" AND ") };
  }
  const where = [
    `${alias}.index_id = ${indexId}`,
    `${alias}.field = ${quoteText(field)}`,
    ...conditions.map((condition) => `${alias}.value ${condition}`),
    ...inRanges,
  ];
  return { from: `search_values AS ${alias}`, where: where.join(" AND ") };
}

/** As `searchRows`, in the order of keys: what is to be joined with the objects, as `name`. */
export function searchKeys(
  use: SearchUse,
  { value, name }: { value: string; name: string },
  keys: readonly KeyRange[],
): { from: string; where: string | null; key: string } {
  const { from, where } = searchRows(use, value, keys);
  if (use.isPoint) return { from, where, key: `${value}.key` };
  // LIMIT keeps SQLite from putting it into the query around it, without its order.
  const sorted = `SELECT ${value}.key AS key FROM ${from} WHERE ${where} ORDER BY 1 LIMIT -1 OFFSET 0`;
  return { from: `(${sorted}) AS ${name}`, where: null, key: `${name}.key` };
}
