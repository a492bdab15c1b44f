import type { Expr } from "sqlite3-parser";
import { EVERY_KEY, intersect, type KeyRange, keyRange, prefixRange, unite } from "../base/key-range.ts";
import { quoteText } from "../metadata/query/quote.ts";

/** SQL that is true of texts which begin with `prefix`. The range lets an index be used. */
export function prefixCondition(sql: string, prefix: string): string {
  const { hi } = prefixRange(prefix);
  return hi === null
    ? `(${sql} >= ${quoteText(prefix)})`
    : `(${sql} >= ${quoteText(prefix)} AND ${sql} < ${quoteText(hi)})`;
}

/** What the conditions of a WHERE say of one table: rows outside cannot be in the result. */
export interface Narrowing {
  /** Null: of any. */
  readonly buckets: readonly string[] | null;
  readonly keys: readonly KeyRange[];
}

export const NOT_NARROWED: Narrowing = { buckets: null, keys: EVERY_KEY };

/** Whether an expression is the table's column. */
export type IsColumn = (expr: Expr, column: string) => boolean;
/** The text that an expression stands for, or null. */
type TextOf = (expr: Expr) => string | null;

/**
 * Reads bounds of `bucket` and `key` from conditions that are joined by AND. It may find less than there is, never more: the conditions stay
 * in the query.
 */
export function narrowingOf(where: Expr | undefined, isColumn: IsColumn, textOf: TextOf): Narrowing {
  let found = NOT_NARROWED;
  for (const condition of conjuncts(where)) {
    const buckets = bucketsOf(condition, isColumn, textOf);
    if (buckets !== null) {
      const before = found.buckets;
      found = { ...found, buckets: before === null ? buckets : before.filter((name) => buckets.includes(name)) };
    }
    const keys = keysOf(condition, isColumn, textOf);
    if (keys !== null) found = { ...found, keys: intersect(found.keys, keys) };
  }
  return found;
}

/** Whether rows within the bounds of `narrowingOf` fulfil the condition, all of them. */
export function isNarrowing(expr: Expr, isColumn: IsColumn, textOf: TextOf): boolean {
  if (bucketsOf(expr, isColumn, textOf) !== null) return true;
  const isExact = expr.type === "FunctionCallExpr" || (expr.type === "BinaryExpr" && expr.op === "Equals");
  return isExact && keysOf(expr, isColumn, textOf) !== null;
}

/** Conditions that are joined by AND. */
export function conjuncts(expr: Expr | undefined): Expr[] {
  if (expr === undefined) return [];
  if (expr.type === "BinaryExpr" && expr.op === "And") return [...conjuncts(expr.left), ...conjuncts(expr.right)];
  if (expr.type === "ParenthesizedExpr" && expr.exprs.length === 1) return conjuncts(expr.exprs[0]);
  return [expr];
}

function bucketsOf(expr: Expr, isColumn: IsColumn, textOf: TextOf): string[] | null {
  if (expr.type === "BinaryExpr" && (expr.op === "Equals" || expr.op === "Is")) {
    const text = isColumn(expr.left, "bucket")
      ? textOf(expr.right)
      : isColumn(expr.right, "bucket")
        ? textOf(expr.left)
        : null;
    return text === null ? null : [text];
  }
  if (expr.type !== "InListExpr" || expr.not || !isColumn(expr.lhs, "bucket")) return null;
  const texts = (expr.rhs ?? []).map(textOf);
  return texts.every((text) => text !== null) ? texts : null;
}

function keysOf(expr: Expr, isColumn: IsColumn, textOf: TextOf): KeyRange[] | null {
  switch (expr.type) {
    case "BinaryExpr": {
      if (!isColumn(expr.left, "key")) return null;
      const text = textOf(expr.right);
      return text === null ? null : comparedKeys(expr.op, text);
    }
    case "BetweenExpr": {
      if (expr.not || !isColumn(expr.lhs, "key")) return null;
      const [start, end] = [textOf(expr.start), textOf(expr.end)];
      return start === null || end === null ? null : unite([{ lo: start, hi: keyRange(end).hi }]);
    }
    case "InListExpr": {
      if (expr.not || !isColumn(expr.lhs, "key")) return null;
      const texts = (expr.rhs ?? []).map(textOf);
      return texts.every((text) => text !== null) ? unite(texts.map(keyRange)) : null;
    }
    case "LikeExpr": {
      const pattern = expr.op !== "Glob" || expr.not || !isColumn(expr.lhs, "key") ? null : textOf(expr.rhs);
      return pattern === null ? null : [prefixRange(/^[^*?[]*/.exec(pattern)?.[0] ?? "")];
    }
    case "FunctionCallExpr": {
      const [column, prefix] = expr.args ?? [];
      const isPrefix = /^(starts_with|prefix)$/i.test(expr.name.name) && expr.args?.length === 2;
      if (!isPrefix || !column || !prefix || !isColumn(column, "key")) return null;
      const text = textOf(prefix);
      return text === null ? null : [prefixRange(text)];
    }
    default:
      return null;
  }
}

function comparedKeys(operator: string, text: string): KeyRange[] | null {
  switch (operator) {
    case "Equals":
    case "Is":
      return [keyRange(text)];
    case "Greater":
    case "GreaterEquals":
      return [{ lo: text, hi: null }];
    case "Less":
      return unite([{ lo: "", hi: text }]);
    case "LessEquals":
      return [{ lo: "", hi: keyRange(text).hi }];
    default:
      return null;
  }
}
