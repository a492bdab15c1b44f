import { type AstNode, type Expr, type SelectFrom, traverse } from "sqlite3-parser";
import { isTableName, type TableName } from "../metadata/query/catalog.ts";
import { quoteName } from "../metadata/query/quote.ts";
import { type CompileOptions, columnNameOf, compileWith, type QueryInput } from "./compile.ts";
import type { ParsedQuery } from "./parse.ts";
import { type Expressions, renderExpression, renderSorted } from "./render-expression.ts";
import { nameOf, type Renderer } from "./render-select.ts";

/** How a query over one table can be cut into steps, each over a range of keys, so that the results make up that of the whole. */
export type Steps =
  /** Rows of each step one after the other. */
  | { readonly kind: "rows"; readonly table: SteppedTable }
  /** Groups of each step, merged. */
  | { readonly kind: "groups"; readonly table: SteppedTable; readonly groups: GroupPlan };

export type SteppedTable = Extract<TableName, "objects" | "versions" | "tags" | "metadata">;

export interface GroupPlan {
  /** SQL for the rows of a step: one text, a JSON list of groups. */
  step(options: CompileOptions): string;
  /** SQL that merges two such lists, ?1 and ?2, into one. */
  readonly merge: string;
  /** SQL of the result from one such list, ?1, without LIMIT. */
  readonly result: string;
}

const STEPPED: ReadonlySet<string> = new Set(["objects", "versions", "tags", "metadata"]);
/** Aggregates of which those of parts make up that of the whole. */
const MERGED: Readonly<Record<string, string>> = { count: "sum", sum: "sum", total: "total", min: "min", max: "max" };
const AGGREGATES: ReadonlySet<string> = new Set([
  ...Object.keys(MERGED),
  "avg",
  "group_concat",
  "string_agg",
  "json_group_array",
  "json_group_object",
  "approx_distinct",
  "arbitrary",
  "count_if",
]);

/** How the query can be cut; null: it cannot. Throws `QueryRefused` for what is refused anyway. */
export function stepsOf(parsed: ParsedQuery, input: Pick<QueryInput, "parameters" | "dialect">): Steps | null {
  const { body } = parsed.select;
  const { select } = body;
  if (body.with || body.compounds || select.type !== "SelectFrom") return null;
  const table = onlyTable(select);
  if (table === null || hasSubquery(body) || select.windowClause || hasWindow(body)) return null;
  const isGrouped = select.groupBy !== undefined || hasAggregate(select);
  if (isGrouped) {
    const groups = select.distinctness === "Distinct" ? null : new Grouping(parsed, select, input).plan();
    return groups && { kind: "groups", table, groups };
  }
  return body.orderBy || select.distinctness === "Distinct" ? null : { kind: "rows", table };
}

function onlyTable({ from }: SelectFrom): SteppedTable | null {
  if (from?.select?.type !== "TableSelectTable" || from.joins?.length) return null;
  const name = from.select.tblName.objName.text.toLowerCase();
  return isTableName(name) && STEPPED.has(name) ? (name as SteppedTable) : null;
}

function hasSubquery(root: AstNode): boolean {
  return some(root, (node) => node.type === "Select" && node !== root);
}

function hasWindow(root: AstNode): boolean {
  return some(root, (node) => node.type === "FunctionTail" && node.overClause !== undefined);
}

function some(root: AstNode, test: (node: AstNode) => boolean): boolean {
  let found = false;
  traverse(root, {
    enter: (node) => {
      found ||= test(node);
      return found ? "break" : "continue";
    },
  });
  return found;
}

function isAggregate(node: AstNode): boolean {
  if (node.type === "FunctionCallStarExpr") return true;
  if (node.type !== "FunctionCallExpr" || !AGGREGATES.has(node.name.name.toLowerCase())) return false;
  // min and max of several values are no aggregates.
  return !/^(min|max)$/i.test(node.name.name) || (node.args?.length ?? 0) === 1;
}

function hasAggregate(root: AstNode): boolean {
  return some(root, isAggregate);
}

/** An aggregate query is another: the groups of a step with partial aggregates, and what makes the result of those. */
class Grouping {
  readonly #parsed: ParsedQuery;
  readonly #select: SelectFrom;
  readonly #input: Pick<QueryInput, "parameters" | "dialect">;
  /** SQL of what is grouped by. */
  #keys: string[] = [];
  /** Partial aggregates: SQL over the table's rows, and the function that merges them. */
  readonly #partials: { sql: string; merge: string }[] = [];

  constructor(parsed: ParsedQuery, select: SelectFrom, input: Pick<QueryInput, "parameters" | "dialect">) {
    this.#parsed = parsed;
    this.#select = select;
    this.#input = input;
  }

  /** Null: something of it is neither grouped by nor an aggregate that can be merged. */
  plan(): GroupPlan | null {
    const { body } = this.#parsed.select;
    const final = this.#compile((about) => {
      const grouped = this.#groupBy(about);
      if (grouped === null) return null;
      this.#keys = grouped;
      const over = this.#overGroups(about);
      const columns = this.#columns(over);
      const having = this.#select.having ? ` HAVING ${renderExpression(this.#select.having, over)}` : "";
      const order = body.orderBy ? ` ORDER BY ${renderSorted(body.orderBy, over)}` : "";
      return over.isWhole ? { columns, tail: `${having}${order}` } : null;
    });
    if (final === null) return null;
    const names = [...this.#keys.map((_, at) => `g${at}`), ...this.#partials.map((_, at) => `a${at}`)];
    const groupBy = this.#keys.length === 0 ? "" : ` GROUP BY ${this.#keys.map((_, at) => `g${at}`).join(", ")}`;
    const list = (parameter: string) =>
      `SELECT ${names.map((name, at) => `value ->> ${at} AS ${name}`).join(", ") || "1"} FROM json_each(${parameter})`;
    const merged = [
      ...this.#keys.map((_, at) => `g${at}`),
      ...this.#partials.map(({ merge }, at) => `${merge}(a${at}) AS a${at}`),
    ].join(", ");
    const asList = (rows: string) => `SELECT json_group_array(json_array(${names.join(", ")})) FROM (${rows})`;
    return {
      step: (options) => asList(this.#stepSql(options, groupBy)),
      merge: asList(`SELECT ${merged} FROM (${list("?1")} UNION ALL ${list("?2")})${groupBy}`),
      result: `SELECT ${final.columns} FROM (SELECT ${merged} FROM (${list("?1")})${groupBy}) GROUP BY ${
        this.#keys.map((_, at) => `g${at}`).join(", ") || "NULL"
      }${final.tail}`,
    };
  }

  #stepSql(options: CompileOptions, groupBy: string): string {
    const { from, whereClause } = this.#select;
    const columns = [
      ...this.#keys.map((sql, at) => `${sql} AS g${at}`),
      ...this.#partials.map(({ sql }, at) => `${sql} AS a${at}`),
    ];
    const source = this.#compile((about) => {
      const sql = from ? about.from(from, whereClause) : "";
      return whereClause ? `${sql} ${about.where(from, whereClause)} ` : sql;
    }, options);
    return `SELECT ${columns.join(", ")} FROM ${source}${groupBy}`;
  }

  #compile<T>(build: (renderer: Renderer) => T, options?: CompileOptions): T {
    const inScope = (renderer: Renderer) => {
      renderer.enter(this.#select.from);
      return build(renderer);
    };
    return compileWith(this.#parsed, this.#input, { build: inScope, ...(options && { options }) });
  }

  /** SQL of the terms of GROUP BY, with ordinals and names of columns put in; null: a name could be either. */
  #groupBy(about: Expressions): string[] | null {
    const terms: string[] = [];
    for (const expr of this.#select.groupBy ?? []) {
      const column = this.#columnOf(expr);
      if (column === null) return null;
      terms.push(renderExpression(column ?? expr, about));
    }
    return terms;
  }

  /** The column that an ordinal or a name stands for; undefined: none; null: there is no saying. */
  #columnOf(expr: Expr): Expr | undefined | null {
    const { columns } = this.#select;
    if (expr.type === "NumericLiteral") {
      const column = columns[Number(expr.value) - 1];
      return column?.type === "ExprResultColumn" ? column.expr : null;
    }
    if (expr.type !== "Id") return undefined;
    const named = columns.filter(
      (column) =>
        column.type === "ExprResultColumn" && column.alias?.name.text.toLowerCase() === expr.name.toLowerCase(),
    );
    return named.length === 0 ? undefined : null;
  }

  #columns(over: Expressions): string {
    return this.#select.columns
      .map((column, index) => {
        if (column.type !== "ExprResultColumn") return "*";
        const { offset, length } = column.expr.span;
        const { dialect } = this.#input;
        const text = columnNameOf(this.#parsed, { from: offset, to: offset + length, index, dialect });
        return `${renderExpression(column.expr, over)} AS ${quoteName(column.alias?.name.text ?? nameOf(column.expr) ?? text)}`;
      })
      .join(", ");
  }

  /** Expressions over groups: what is grouped by and aggregates stand for columns, and nothing else names any. */
  #overGroups(about: Expressions): Expressions & { isWhole: boolean } {
    const names = new Set(
      this.#select.columns.flatMap((column) =>
        column.type === "ExprResultColumn" && column.alias ? [column.alias.name.text.toLowerCase()] : [],
      ),
    );
    const over = {
      isWhole: this.#select.columns.every(({ type }) => type === "ExprResultColumn"),
      depth: 0,
      growth: 0,
      rowText: 0,
      namedText: 0,
      listed: null,
      table: about.table.bind(about),
      match: about.match.bind(about),
      likeTellsCase: about.likeTellsCase,
      select: about.select.bind(about),
      parameter: about.parameter.bind(about),
      replace: (expr: Expr): string | null => {
        if (isAggregate(expr)) {
          const merged = this.#merged(expr, about);
          if (merged === null) over.isWhole = false;
          return merged ?? "NULL";
        }
        if (!/^(Id|NameExpr|QualifiedExpr)$/.test(expr.type) && !containsName(expr)) return null;
        const at = this.#keys.indexOf(renderExpression(expr, about));
        if (at >= 0) return `g${at}`;
        if (expr.type === "Id" && names.has(expr.name.toLowerCase())) return quoteName(expr.name);
        if (
          /^(Id|NameExpr|QualifiedExpr)$/.test(expr.type) &&
          !(expr.type === "Id" && /^(true|false)$/i.test(expr.name))
        ) {
          over.isWhole = false;
        }
        return null;
      },
    };
    return over;
  }

  /** SQL over partial aggregates; null: it cannot be made of any. */
  #merged(expr: Expr, about: Expressions): string | null {
    if (expr.type !== "FunctionCallExpr" && expr.type !== "FunctionCallStarExpr") return null;
    const name = expr.name.name.toLowerCase();
    if (expr.type === "FunctionCallExpr" && (expr.distinctness === "Distinct" || expr.orderBy)) return null;
    const sql = renderExpression(expr, about);
    const merge = MERGED[name];
    if (merge !== undefined) return `${merge}(${this.#partial(sql, merge)})`;
    if (name !== "avg") return null;
    const total = this.#partial(sql.replace(/^avg\(/, "total("), "total");
    const count = this.#partial(sql.replace(/^avg\(/, "count("), "sum");
    return `(CASE WHEN sum(${count}) > 0 THEN total(${total}) / sum(${count}) END)`;
  }

  #partial(sql: string, merge: string): string {
    const known = this.#partials.findIndex((partial) => partial.sql === sql);
    if (known >= 0) return `a${known}`;
    this.#partials.push({ sql, merge });
    return `a${this.#partials.length - 1}`;
  }
}

function containsName(root: Expr): boolean {
  return some(root, ({ type }) => /^(Id|NameExpr|QualifiedExpr)$/.test(type));
}
