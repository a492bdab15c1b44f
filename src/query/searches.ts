import { type Expr, traverse } from "sqlite3-parser";
import type { TableName } from "../metadata/query/catalog.ts";
import { quoteText } from "../metadata/query/quote.ts";
import { type SearchUse, TEXT_FIELD } from "../metadata/query/search-source.ts";
import { inColumns } from "../metadata/query/text-source.ts";
import type { SearchField } from "../metadata/search/search.ts";
import { TEXT_COLUMNS, type TextColumn } from "../metadata/search/text-table.ts";
import { conjuncts, type IsColumn } from "./conditions.ts";
import { literal } from "./parameters.ts";
import { readWords } from "./words.ts";

/** A condition that an index can answer, if the bucket has one of its field. */
export interface Searched extends Omit<SearchUse, "indexId"> {
  readonly kind: SearchField;
}

/** What stands before MATCH. */
interface MatchTarget {
  readonly isColumn: IsColumn;
  /** Whether it is the name of the table. */
  isTable(expr: Expr): boolean;
}

/** What expressions stand for. */
export interface Constants {
  text(expr: Expr): string | null;
  number(expr: Expr): number | null;
  /** SQL of an expression that names no column. */
  sql(expr: Expr): string;
}

/**
 * Reads what an index can answer from conditions that are joined by AND. The conditions stay in the query: what an index gives may hold more, never
 * less, than what they leave.
 */
export function searchesOf(
  where: Expr | undefined,
  table: TableName,
  { isColumn, isTable, constants }: MatchTarget & { readonly constants: Constants },
): Searched[] {
  const all = conjuncts(where);
  if (table === "tags" || table === "metadata") return pairsOf(all, table, { isColumn, constants });
  if (table !== "objects") return [];
  const points = all.flatMap((condition) => mapSearch(condition, isColumn, constants) ?? []);
  const texts = all.flatMap((condition) => textSearch(condition, { isColumn, isTable }, constants) ?? []);
  const ranges: [SearchField, string, string[]][] = [
    ["size", "size", all.flatMap((one) => comparisons(one, "size", { isColumn, render: numberSql(constants) }))],
    ["lastModified", "modified", all.flatMap((one) => timeComparisons(one, isColumn, constants))],
  ];
  const found = ranges.filter(([, , conditions]) => conditions.length > 0);
  return [
    ...texts,
    ...points,
    ...found.map(([kind, field, conditions]) => ({ kind, field, conditions, isPoint: false })),
  ];
}

/** Columns whose words a MATCH is about: all of them for the table's name; null: it is about something else. */
function matchedColumns(lhs: Expr, { isColumn, isTable }: MatchTarget): readonly TextColumn[] | null {
  if (isTable(lhs)) return TEXT_COLUMNS;
  const column = TEXT_COLUMNS.find((one) => isColumn(lhs, one));
  return column === undefined ? null : [column];
}

function textSearch(condition: Expr, target: MatchTarget, { text }: Constants): Searched | null {
  if (condition.type !== "LikeExpr" || condition.op !== "Match" || condition.not) return null;
  const columns = matchedColumns(condition.lhs, target);
  const sought = text(condition.rhs);
  if (columns === null || sought === null) return null;
  const { fts, terms } = readWords(sought);
  return { kind: "text", field: TEXT_FIELD, conditions: [inColumns(fts, columns)], isPoint: false, terms };
}

/** Names that stand for themselves in SQLite's paths into JSON. */
const PLAIN_NAME = /^[^"\\$[\]\p{Cc}]{1,200}$/u;

function mapSearch(condition: Expr, isColumn: IsColumn, constants: Constants): Searched | null {
  const equal = equalTexts(condition, constants);
  if (equal === null) return null;
  for (const { expr, texts } of equal) {
    const member = memberOf(expr, isColumn, constants);
    if (member !== null) return pointOf(member.kind, member.name, texts);
  }
  return null;
}

function pointOf(kind: "tags" | "metadata", name: string, texts: readonly string[]): Searched {
  const prefix = kind === "tags" ? "tag:" : "metadata:";
  const [only] = texts;
  const isPoint = texts.length === 1 && only !== undefined;
  const condition = isPoint ? `= ${quoteText(only)}` : `IN (${texts.map(quoteText).join(", ")})`;
  return { kind, field: `${prefix}${name}`, conditions: [condition], isPoint };
}

/** `tags ->> 'name'`, and what means the same. */
function memberOf(
  expr: Expr,
  isColumn: IsColumn,
  constants: Constants,
): { kind: "tags" | "metadata"; name: string } | null {
  const [map, path] = partsOf(expr);
  const kind = map && (["tags", "metadata"] as const).find((one) => isColumn(map, one));
  const name = path && constants.text(path);
  return kind && name && PLAIN_NAME.test(name) ? { kind, name } : null;
}

function partsOf(expr: Expr): readonly (Expr | undefined)[] {
  if (expr.type === "ParenthesizedExpr" && expr.exprs.length === 1) return partsOf(expr.exprs[0] as Expr);
  if (expr.type === "BinaryExpr" && expr.op === "ArrowRightShift") return [expr.left, expr.right];
  const isCall = expr.type === "FunctionCallExpr" && /^element_at$/i.test(expr.name.name) && expr.args?.length === 2;
  return isCall ? (expr.args ?? []) : [];
}

/** What is compared with texts, in the order in which it may stand. */
function equalTexts(expr: Expr, { text }: Constants): { expr: Expr; texts: readonly string[] }[] | null {
  if (expr.type === "BinaryExpr" && (expr.op === "Equals" || expr.op === "Is")) {
    const [left, right] = [text(expr.left), text(expr.right)];
    const found = [
      ...(right === null ? [] : [{ expr: expr.left, texts: [right] }]),
      ...(left === null ? [] : [{ expr: expr.right, texts: [left] }]),
    ];
    return found.length === 0 ? null : found;
  }
  if (expr.type !== "InListExpr" || expr.not) return null;
  const texts = (expr.rhs ?? []).map(text);
  return texts.length > 0 && texts.every((one) => one !== null) ? [{ expr: expr.lhs, texts }] : null;
}

/** Tables with a row for each tag or each pair of metadata: a name, and values. */
function pairsOf(
  all: readonly Expr[],
  kind: "tags" | "metadata",
  { isColumn, constants }: { isColumn: IsColumn; constants: Constants },
): Searched[] {
  const textsOf = (column: string) =>
    all
      .flatMap((condition) => equalTexts(condition, constants) ?? [])
      .filter(({ expr }) => isColumn(expr, column))
      .map(({ texts }) => texts);
  const name = textsOf("name").find((texts) => texts.length === 1)?.[0];
  return name === undefined ? [] : textsOf("value").map((texts) => pointOf(kind, name, texts));
}

const OPERATORS: Readonly<Record<string, string>> = {
  Equals: "=",
  Is: "=",
  Greater: ">",
  GreaterEquals: ">=",
  Less: "<",
  LessEquals: "<=",
};

/** SQL of what bounds a value from the side that the operator says; null: there is no saying. */
type RenderBound = (expr: Expr, operator: string) => string | null;

/** Comparisons of a column with constants. */
function comparisons(
  expr: Expr,
  column: string,
  { isColumn, render }: { isColumn: IsColumn; render: RenderBound },
): string[] {
  if (expr.type === "BetweenExpr") {
    if (expr.not || !isColumn(expr.lhs, column)) return [];
    return [render(expr.start, ">="), render(expr.end, "<=")].filter((bound) => bound !== null);
  }
  const operator = expr.type === "BinaryExpr" ? OPERATORS[expr.op] : undefined;
  if (expr.type !== "BinaryExpr" || operator === undefined || !isColumn(expr.left, column)) return [];
  return [render(expr.right, operator)].filter((bound) => bound !== null);
}

const numberSql =
  (constants: Constants): RenderBound =>
  (expr, operator) => {
    const value = constants.number(expr);
    return value === null ? null : `${operator} ${literal(value)}`;
  };

/** Of `last_modified`, a text, and of the same in milliseconds. */
function timeComparisons(expr: Expr, isColumn: IsColumn, constants: Constants): string[] {
  const bySql: RenderBound = (bound, operator) => (isConstant(bound) ? `${operator} ${constants.sql(bound)}` : null);
  const byNumber: RenderBound = (bound, operator) => {
    const ms = constants.number(bound);
    if (ms === null || ms < 0 || ms > LAST_MS) return null;
    const at = (whole: number) => quoteText(new Date(whole).toISOString().replace("T", " ").replace("Z", ""));
    if (operator === "=") return `BETWEEN ${at(Math.floor(ms))} AND ${at(Math.ceil(ms))}`;
    return operator.startsWith(">") ? `>= ${at(Math.floor(ms))}` : `<= ${at(Math.ceil(ms))}`;
  };
  return [
    ...comparisons(expr, "last_modified", { isColumn, render: bySql }),
    ...comparisons(expr, "last_modified_ms", { isColumn, render: byNumber }),
  ];
}

/** The last millisecond of the year 9999: later years have five digits. */
const LAST_MS = 253_402_300_799_999;
const CONSTANT: ReadonlySet<string> = new Set([
  "StringLiteral",
  "NumericLiteral",
  "VariableExpr",
  "ParenthesizedExpr",
  "FunctionCallExpr",
]);

/** A text, a number, a parameter, or a function of such. */
function isConstant(root: Expr): boolean {
  let found = true;
  const names = new Set<unknown>();
  traverse(root, {
    enter: (node) => {
      // The name of a function is no column.
      if (node.type === "FunctionCallExpr") names.add(node.name);
      found &&= CONSTANT.has(node.type) || names.has(node);
      return found ? "continue" : "break";
    },
  });
  return found;
}

/** A number that an expression stands for: a literal, a parameter, or sums and products of such. */
export function numberOf(
  expr: Expr,
  parameter: (expr: Extract<Expr, { type: "VariableExpr" }>) => unknown,
): number | null {
  const value = evaluate(expr, parameter);
  return value !== null && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : null;
}

function evaluate(expr: Expr, parameter: Parameters<typeof numberOf>[1]): number | null {
  switch (expr.type) {
    case "NumericLiteral":
      return /^\d+(\.\d+)?$/.test(expr.value) ? Number(expr.value) : null;
    case "VariableExpr": {
      const value = parameter(expr);
      return typeof value === "number" ? value : null;
    }
    case "ParenthesizedExpr":
      return expr.exprs.length === 1 ? numberOf(expr.exprs[0] as Expr, parameter) : null;
    case "BinaryExpr": {
      if (expr.op !== "Multiply" && expr.op !== "Add" && expr.op !== "Subtract") return null;
      const [left, right] = [numberOf(expr.left, parameter), numberOf(expr.right, parameter)];
      if (left === null || right === null) return null;
      return expr.op === "Multiply" ? left * right : expr.op === "Add" ? left + right : left - right;
    }
    default:
      return null;
  }
}
