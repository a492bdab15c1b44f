import type {
  Expr,
  FunctionCallExpr,
  FunctionTail,
  LikeExpr,
  Name,
  Select,
  SortedColumn,
  VariableExpr,
  Window,
} from "sqlite3-parser";
import { toHex } from "../base/bytes.ts";
import { TABLES } from "../metadata/query/catalog.ts";
import { quoteName, quoteText } from "../metadata/query/quote.ts";
import { prefixCondition } from "./conditions.ts";
import { QueryRefused } from "./failure.ts";
import { dateAdd, dateDiff, dateTrunc, FUNCTIONS, type FunctionRule } from "./functions.ts";
import { ARGUMENTS_MAX, PATTERN_BYTES_MAX, QUERY_DEPTH_MAX } from "./limits.ts";
import { literal, type ParameterValue } from "./parameters.ts";
import { BLOB_BYTE_CHARACTERS, jsonLengthening, SHORT_TEXT, textOfCall, textOfColumn } from "./row-text.ts";

/** What an expression is rendered in. */
export interface Expressions {
  /** SQL of a subquery, without parentheses. */
  select(select: Select): string;
  parameter(variable: VariableExpr): ParameterValue;
  /** The server's name for the item of FROM that the query calls so. Throws `QueryRefused`. */
  table(name: string): string;
  /** SQL of `… MATCH 'words'`. Throws `QueryRefused`. */
  match(expr: LikeExpr): string;
  /** SQL that stands for an expression already; null: it is rendered. */
  replace(expr: Expr): string | null;
  /** Set: LIKE tells upper from lower case, as in Athena; SQLite's does not. */
  readonly likeTellsCase: boolean;
  /** How deep it is by now. */
  depth: number;
  /** Operations that make texts longer, so far. */
  growth: number;
  /** See `RenderedCost`. */
  listed: number | null;
  /** See `RenderedCost`, so far. */
  rowText: number;
  /** Characters that a column of FROM may hold besides those of a table's column of its name. */
  readonly namedText: number;
}

/** Functions whose result may be longer than their arguments. */
const GROWING: ReadonlySet<string> = new Set([
  "concat",
  "replace",
  "hex",
  "quote",
  "group_concat",
  "string_agg",
  "json_group_array",
  "json_group_object",
  "json_array",
  "json_object",
  "json_quote",
]);
/** Functions that look for their second argument in their first. */
const SEARCHING: ReadonlySet<string> = new Set(["instr", "strpos", "trim", "ltrim", "rtrim", "replace"]);
const REPLACEMENT_FACTOR = 8;
const NUMBER = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$|^0[xX][0-9a-fA-F]+$/;

const BINARY = {
  Add: "+",
  And: "AND",
  ArrowRight: "->",
  ArrowRightShift: "->>",
  BitwiseAnd: "&",
  BitwiseOr: "|",
  Concat: "||",
  Equals: "=",
  Divide: "/",
  Greater: ">",
  GreaterEquals: ">=",
  Is: "IS",
  IsNot: "IS NOT",
  LeftShift: "<<",
  Less: "<",
  LessEquals: "<=",
  Modulus: "%",
  Multiply: "*",
  NotEquals: "<>",
  Or: "OR",
  RightShift: ">>",
  Subtract: "-",
} as const;
const UNARY = { BitwiseNot: "~", Negative: "-", Not: "NOT ", Positive: "+" } as const;
const MAPS: ReadonlySet<string> = new Set(
  Object.values(TABLES).flatMap(({ columns }) =>
    columns.filter(({ type }) => type === "map<string,string>").map(({ name }) => name),
  ),
);
const COLLATIONS: ReadonlySet<string> = new Set(["binary", "nocase", "rtrim"]);
const CASTS: ReadonlyMap<string, string> = new Map([
  ...["text", "varchar", "char", "string"].map((name) => [name, "TEXT"] as const),
  ...["integer", "int", "bigint", "smallint", "tinyint", "boolean"].map((name) => [name, "INTEGER"] as const),
  ...["real", "double", "float", "double precision"].map((name) => [name, "REAL"] as const),
  ...["numeric", "decimal"].map((name) => [name, "NUMERIC"] as const),
]);

/**
 * SQL of an expression, built anew from its tree: every kind of node that is not named here is refused, and every literal is written
 * again. Each result is closed in parentheses where it could be read in another way. Throws `QueryRefused`.
 */
export function renderExpression(expr: Expr, about: Expressions): string {
  if (++about.depth > QUERY_DEPTH_MAX) {
    throw new QueryRefused("LimitExceeded", `an expression is nested deeper than ${QUERY_DEPTH_MAX}`);
  }
  const sql = about.replace(expr) ?? render(expr, about);
  about.depth--;
  return sql;
}

function render(expr: Expr, about: Expressions): string {
  const one = (inner: Expr) => renderExpression(inner, about);
  const list = (inner: readonly Expr[] | undefined) => (inner ?? []).map(one).join(", ");
  const not = (is: boolean) => (is ? "NOT " : "");
  switch (expr.type) {
    case "NumericLiteral":
      if (!NUMBER.test(expr.value)) throw new QueryRefused("SyntaxError", `${expr.value} is no number`);
      about.rowText += SHORT_TEXT;
      return expr.value;
    case "StringLiteral":
      about.rowText += expr.value.length;
      return quoteText(expr.value);
    case "BlobLiteral":
      about.rowText += expr.bytes.length * BLOB_BYTE_CHARACTERS;
      return `x'${toHex(expr.bytes)}'`;
    case "NullLiteral":
      return "NULL";
    case "KeywordLiteral":
      throw notAllowed(expr.value);
    case "CurrentDateLiteral":
      about.rowText += SHORT_TEXT;
      return "CURRENT_DATE";
    case "CurrentTimeLiteral":
      about.rowText += SHORT_TEXT;
      return "CURRENT_TIME";
    case "CurrentTimestampLiteral":
      about.rowText += SHORT_TEXT;
      return "CURRENT_TIMESTAMP";
    case "Id":
      about.rowText += about.namedText + textOfColumn(expr.name);
      return /^(true|false)$/i.test(expr.name) ? expr.name.toUpperCase() : quoteName(expr.name);
    case "NameExpr":
      about.rowText += about.namedText + textOfColumn(expr.name.text);
      return quoteName(expr.name.text);
    case "QualifiedExpr":
      checkSchema(expr.schema);
      about.rowText += about.namedText + textOfColumn(expr.column.text);
      return `${quoteName(about.table(expr.table.text))}.${quoteName(expr.column.text)}`;
    case "VariableExpr": {
      const value = about.parameter(expr);
      about.rowText += typeof value === "string" ? value.length : SHORT_TEXT;
      return literal(value);
    }
    case "ParenthesizedExpr":
      return `(${list(expr.exprs)})`;
    case "UnaryExpr":
      return `(${UNARY[expr.op]} ${one(expr.expr)})`;
    case "BinaryExpr":
      if (expr.op === "Concat") about.growth++;
      // SQLite makes IN of OR.
      if (expr.op === "Or" && about.listed !== null) about.listed++;
      return expr.op === "ArrowRight" || expr.op === "ArrowRightShift"
        ? renderArrow(expr, about)
        : `(${one(expr.left)} ${BINARY[expr.op]} ${one(expr.right)})`;
    case "BetweenExpr":
      return `(${one(expr.lhs)} ${not(expr.not)}BETWEEN ${one(expr.start)} AND ${one(expr.end)})`;
    case "IsNullExpr":
      return `(${one(expr.expr)} ISNULL)`;
    case "NotNullExpr":
      return `(${one(expr.expr)} NOTNULL)`;
    case "InListExpr":
      if (about.listed !== null) about.listed += expr.rhs?.length ?? 0;
      return `(${one(expr.lhs)} ${not(expr.not)}IN (${list(expr.rhs)}))`;
    case "InSelectExpr":
      about.listed = null;
      return `(${one(expr.lhs)} ${not(expr.not)}IN (${about.select(expr.rhs)}))`;
    case "ExistsExpr":
      return `EXISTS (${about.select(expr.select)})`;
    case "SubqueryExpr":
      return `(${about.select(expr.select)})`;
    case "LikeExpr":
      return renderLike(expr, about);
    case "CaseExpr": {
      const whens = expr.whenThenPairs.map(({ when, then }) => ` WHEN ${one(when)} THEN ${one(then)}`).join("");
      return `CASE${expr.base ? ` ${one(expr.base)}` : ""}${whens}${expr.elseExpr ? ` ELSE ${one(expr.elseExpr)}` : ""} END`;
    }
    case "CastExpr":
      return renderCast(one(expr.expr), (expr.typeName?.name ?? "").toLowerCase());
    case "CollateExpr":
      if (!COLLATIONS.has(expr.collation.toLowerCase())) throw notAllowed(`COLLATE ${expr.collation}`);
      return `(${one(expr.expr)} COLLATE ${expr.collation.toUpperCase()})`;
    case "FunctionCallStarExpr":
      if (expr.name.name.toLowerCase() !== "count") throw notAllowed(`${expr.name.name}(*)`);
      about.rowText += SHORT_TEXT;
      return `count(*)${renderTail(expr.filterOver, about)}`;
    case "FunctionCallExpr":
      return renderCall(expr, about);
    case "InTableExpr":
      throw notAllowed("IN table", "IN (SELECT … FROM table)");
    case "RaiseExpr":
      throw notAllowed("RAISE");
  }
}

function renderArrow({ left, op, right }: Extract<Expr, { type: "BinaryExpr" }>, about: Expressions): string {
  const before = about.rowText;
  const json = renderExpression(left, about);
  about.rowText = before + SHORT_TEXT + (about.rowText - before) * jsonLengthening(isMap(left, about));
  return `(${json} ${BINARY[op]} ${renderExpression(right, about)})`;
}

/** Whether an expression is a map of a table. Where FROM brings texts of the query's own, any column may be one of these. */
function isMap(expr: Expr | undefined, { namedText }: Pick<Expressions, "namedText">): boolean {
  if (namedText > 0) return false;
  if (expr?.type === "Id") return MAPS.has(expr.name.toLowerCase());
  if (expr?.type === "NameExpr") return MAPS.has(expr.name.text.toLowerCase());
  return expr?.type === "QualifiedExpr" && MAPS.has(expr.column.text.toLowerCase());
}

function notAllowed(what: string, instead?: string): QueryRefused {
  return new QueryRefused("NotAllowed", `${what} is not allowed`, instead === undefined ? null : `write ${instead}`);
}

export function checkSchema(schema: Name | undefined): void {
  if (schema === undefined || schema.text.toLowerCase() === "store") return;
  throw new QueryRefused("InvalidQuery", `there is no database ${schema.text}`, 'the one database is called "store"');
}

function renderCast(inner: string, type: string): string {
  const known = CASTS.get(type);
  if (known !== undefined) return `CAST(${inner} AS ${known})`;
  if (type === "timestamp") return `strftime('%Y-%m-%d %H:%M:%f', ${inner})`;
  if (type === "date") return `date(${inner})`;
  throw notAllowed(`CAST to ${type}`, "one of TEXT, INTEGER, REAL, NUMERIC, TIMESTAMP, DATE");
}

/** The text that an expression stands for, or null. */
export function textOf(expr: Expr, about: Pick<Expressions, "parameter">): string | null {
  if (expr.type === "StringLiteral") return expr.value;
  if (expr.type === "ParenthesizedExpr" && expr.exprs.length === 1) return textOf(expr.exprs[0] as Expr, about);
  if (expr.type !== "VariableExpr") return null;
  const value = about.parameter(expr);
  return typeof value === "string" ? value : null;
}

/** LIKE and GLOB, with patterns that are known beforehand and short: SQLite's own matching is then linear in the text. */
function renderLike(expr: LikeExpr, about: Expressions): string {
  if (expr.op === "Match") return about.match(expr);
  if (expr.op === "Regexp") throw notAllowed("REGEXP", "LIKE or GLOB");
  const lhs = renderExpression(expr.lhs, about);
  const value = textOf(expr.rhs, about);
  if (value === null)
    throw notAllowed(`${expr.op.toUpperCase()} with a pattern that is no text`, "the pattern as a text");
  const escaping = expr.escape === undefined ? null : textOf(expr.escape, about);
  if (expr.escape !== undefined && (escaping === null || [...escaping].length !== 1))
    throw notAllowed("ESCAPE with other than one character");
  const isExact = expr.op === "Like" && about.likeTellsCase;
  const pattern = isExact ? globOf(value, escaping) : value;
  if (new TextEncoder().encode(pattern).length > PATTERN_BYTES_MAX) {
    throw new QueryRefused(
      "LimitExceeded",
      `a pattern is longer than ${PATTERN_BYTES_MAX} bytes`,
      "starts_with(key, '…') takes a prefix of any length",
    );
  }
  const operator = isExact || expr.op === "Glob" ? "GLOB" : "LIKE";
  const tail = operator === "LIKE" && escaping !== null ? ` ESCAPE ${quoteText(escaping)}` : "";
  return `(${lhs} ${expr.not ? "NOT " : ""}${operator} ${quoteText(pattern)}${tail})`;
}

/** A LIKE pattern as GLOB has it. */
function globOf(pattern: string, escaping: string | null): string {
  let glob = "";
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === escaping && at + 1 < characters.length) glob += literalOfGlob(characters[++at] as string);
    else if (character === "%") glob += "*";
    else if (character === "_") glob += "?";
    else glob += literalOfGlob(character);
  }
  return glob;
}

function literalOfGlob(character: string): string {
  return "*?[".includes(character) ? `[${character}]` : character;
}

function renderCall(expr: FunctionCallExpr, about: Expressions): string {
  const name = expr.name.name.toLowerCase();
  const args = expr.args ?? [];
  if (args.length > ARGUMENTS_MAX)
    throw new QueryRefused("LimitExceeded", `${name} has more than ${ARGUMENTS_MAX} arguments`);
  const special = renderSpecial(name, args, about);
  if (special !== null) return special;
  const rule = FUNCTIONS.get(name);
  if (rule === undefined) throw notAllowed(`the function ${expr.name.name}`);
  if (args.length < rule.min || args.length > rule.max) {
    const count = rule.min === rule.max ? `${rule.min}` : `${rule.min} to ${rule.max}`;
    throw new QueryRefused("InvalidQuery", `${name} takes ${count} arguments`);
  }
  checkUse(name, rule, expr);
  if (SEARCHING.has(name) && args[1] !== undefined) checkSought(name, args[1], about);
  const before = about.rowText;
  const rendered = args.map((arg) => renderExpression(arg, about));
  const replacing = name === "replace" ? args.slice(1).map((arg) => textOf(arg, about)) : [];
  const isOfMap = isMap(args[0], about);
  about.rowText = before + textOfCall(name, { text: about.rowText - before, args: args.length, replacing, isOfMap });
  const tail = renderTail(expr.filterOver, about);
  if (rule.render !== undefined) {
    if (expr.distinctness || expr.orderBy) throw notAllowed(`DISTINCT or ORDER BY in ${name}`);
    return `${rule.render(rendered)}${tail}`;
  }
  const distinct = expr.distinctness === "Distinct" ? "DISTINCT " : "";
  const order = expr.orderBy ? renderCallOrder(name, expr, about) : "";
  return `${name}(${distinct}${rendered.join(", ")}${order})${tail}`;
}

function renderCallOrder(name: string, { orderBy }: FunctionCallExpr, about: Expressions): string {
  if (orderBy?.type !== "SortListFunctionCallOrder") throw notAllowed(`WITHIN GROUP in ${name}`);
  return ` ORDER BY ${renderSorted(orderBy.columns, about)}`;
}

/** SQLite compares what is sought at every place of a text: it is known beforehand and short, as patterns are. */
function checkSought(name: string, expr: Expr, about: Expressions): void {
  const text = textOf(expr, about);
  if (text === null) throw notAllowed(`${name} of what is no text`, `${name}(column, '…')`);
  if (new TextEncoder().encode(text).length <= PATTERN_BYTES_MAX) return;
  throw new QueryRefused("LimitExceeded", `the second argument of ${name} is longer than ${PATTERN_BYTES_MAX} bytes`);
}

function checkUse(name: string, { kind }: FunctionRule, { filterOver, distinctness, orderBy }: FunctionCallExpr): void {
  const isOver = filterOver?.overClause !== undefined;
  if (isOver && GROWING.has(name)) throw notAllowed(`OVER with ${name}, which makes its text anew for each row`);
  if (kind === "window" && !isOver) throw new QueryRefused("InvalidQuery", `${name} needs OVER`);
  if (kind === "scalar" && (filterOver !== undefined || distinctness !== undefined || orderBy !== undefined)) {
    throw new QueryRefused("InvalidQuery", `${name} is no aggregate: it takes no DISTINCT, ORDER BY, FILTER or OVER`);
  }
}

/** Functions whose arguments must be known beforehand; null: it is none of them. */
function renderSpecial(name: string, args: readonly Expr[], about: Expressions): string | null {
  const [first, second, third] = args;
  if (GROWING.has(name) || (name === "json_extract" && args.length > 2)) about.growth += args.length;
  if (name === "replace") {
    const [from, to] = [second, third].map((arg) => (arg === undefined ? null : textOf(arg, about)));
    if (
      typeof from !== "string" ||
      typeof to !== "string" ||
      to.length > Math.max(1, from.length) * REPLACEMENT_FACTOR
    ) {
      const hint = `both as texts, the second at most ${REPLACEMENT_FACTOR} times as long`;
      throw new QueryRefused("NotAllowed", "replace takes a column, what is replaced, and by what", hint);
    }
  }
  if (name === "starts_with" || name === "prefix") {
    const prefix = second === undefined ? null : textOf(second, about);
    if (args.length !== 2 || typeof prefix !== "string")
      throw new QueryRefused("InvalidQuery", `${name} takes a column and a text`);
    return prefixCondition(renderExpression(first as Expr, about), prefix);
  }
  if (name !== "date_diff" && name !== "date_add" && name !== "date_trunc") return null;
  const unit = first === undefined ? null : textOf(first, about)?.toLowerCase();
  const rest = [second, third].filter((arg) => arg !== undefined).map((arg) => renderExpression(arg, about));
  const [a = "", b = ""] = rest;
  if (args.length !== (name === "date_trunc" ? 2 : 3) || typeof unit !== "string") {
    throw new QueryRefused("InvalidQuery", `${name} takes a unit as text, and what it counts`);
  }
  const sql =
    name === "date_diff" ? dateDiff(unit, a, b) : name === "date_add" ? dateAdd(unit, a, b) : dateTrunc(unit, a);
  if (sql === null) throw new QueryRefused("NotAllowed", `${name} does not know the unit ${unit}`);
  return sql;
}

export function renderSorted(columns: readonly SortedColumn[], about: Expressions): string {
  return columns
    .map(({ expr, order, nulls }) => {
      const direction = order === "Desc" ? " DESC" : "";
      return `${renderExpression(expr, about)}${direction}${nulls === undefined ? "" : ` NULLS ${nulls.toUpperCase()}`}`;
    })
    .join(", ");
}

function renderTail(tail: FunctionTail | undefined, about: Expressions): string {
  if (tail === undefined) return "";
  const filter = tail.filterClause ? ` FILTER (WHERE ${renderExpression(tail.filterClause, about)})` : "";
  const { overClause } = tail;
  if (overClause === undefined) return filter;
  if (overClause.type === "NameOver") return `${filter} OVER ${quoteName(overClause.name.text)}`;
  return `${filter} OVER (${renderWindow(overClause.window, about)})`;
}

export function renderWindow({ base, partitionBy, orderBy, frameClause }: Window, about: Expressions): string {
  const parts: string[] = [];
  if (base) parts.push(quoteName(base.text));
  if (partitionBy) parts.push(`PARTITION BY ${partitionBy.map((expr) => renderExpression(expr, about)).join(", ")}`);
  if (orderBy) parts.push(`ORDER BY ${renderSorted(orderBy, about)}`);
  if (frameClause) parts.push(renderFrame(frameClause, about));
  return parts.join(" ");
}

function renderFrame({ mode, start, end, exclude }: NonNullable<Window["frameClause"]>, about: Expressions): string {
  const bound = (at: typeof start): string => {
    switch (at.type) {
      case "CurrentRowFrameBound":
        return "CURRENT ROW";
      case "UnboundedFollowingFrameBound":
        return "UNBOUNDED FOLLOWING";
      case "UnboundedPrecedingFrameBound":
        return "UNBOUNDED PRECEDING";
      case "FollowingFrameBound":
        return `${renderExpression(at.expr, about)} FOLLOWING`;
      case "PrecedingFrameBound":
        return `${renderExpression(at.expr, about)} PRECEDING`;
    }
  };
  // With any other EXCLUDE SQLite goes through the whole frame for each row.
  if (exclude !== undefined && exclude !== "NoOthers") throw notAllowed("EXCLUDE", "the frame without it");
  const extent = end === undefined ? bound(start) : `BETWEEN ${bound(start)} AND ${bound(end)}`;
  return `${mode.toUpperCase()} ${extent}`;
}
