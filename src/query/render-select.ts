import type {
  CommonTableExpr,
  Expr,
  FromClause,
  JoinedSelectTable,
  LikeExpr,
  OneSelect,
  QualifiedName,
  ResultColumn,
  Select,
  SelectFrom,
  SelectTable,
  VariableExpr,
} from "sqlite3-parser";
import { isTableName, TABLES, type TableName } from "../metadata/query/catalog.ts";
import { quoteName } from "../metadata/query/quote.ts";
import { conjuncts, type IsColumn, isNarrowing, type Narrowing, NOT_NARROWED, narrowingOf } from "./conditions.ts";
import { QueryRefused } from "./failure.ts";
import { COLUMNS_MAX, COMPOUND_TERMS_MAX, TABLES_MAX } from "./limits.ts";
import { type MatchedPlace, renderMatch } from "./matches.ts";
import { type Named, Names } from "./names.ts";
import { ParameterReader, type Parameters } from "./parameters.ts";
import {
  checkSchema,
  type Expressions,
  renderExpression,
  renderSorted,
  renderWindow,
  textOf,
} from "./render-expression.ts";
import { jsonLengthening, textOfTable } from "./row-text.ts";
import { numberOf, type Searched, searchesOf } from "./searches.ts";

/** One place of a query that reads a table. */
export interface TableUse {
  readonly table: TableName;
  /** From 1, in the order of the query. */
  readonly number: number;
  readonly narrowing: Narrowing;
  /** Conditions that an index can answer. */
  readonly searches: readonly Searched[];
}

/** What else a query's cost depends on. */
export interface RenderedCost {
  /** Elements that the query's own `json_each` goes through, by the server's name for it. */
  readonly lists: ReadonlyMap<string, number>;
  /** The common table that an item of FROM reads, both by the server's names. */
  readonly commonTables: ReadonlyMap<string, string>;
  /** Rows that conditions may name by IN and OR, one lookup each; null: there is an IN (SELECT …). */
  readonly listed: number | null;
  /** Operations that make texts longer. */
  readonly growth: number;
  /** Characters that a row may hold at most: the query's own texts and values of tables, each as often as it stands there, and what functions make of them. */
  readonly rowText: number;
  /** The most words that a MATCH looks up for each row. */
  readonly matchTerms: number;
}

/** A SELECT that has the table's columns, for the rows that the caller may see. */
export interface RenderedView {
  readonly sql: string;
  /** Null: it is about what stands around it, and nothing in it matches. */
  readonly place: MatchedPlace | null;
}

export interface RenderOptions {
  readonly parameters: Parameters;
  /** See `ParsedQuery`. */
  readonly markers: ReadonlyMap<number, number>;
  readonly likeTellsCase: boolean;
  /** Name of a column that has none, by where its expression is in the text, and its place among the columns. */
  columnName(from: number, to: number, index: number): string;
  view(use: TableUse): RenderedView;
}

const JOINS: ReadonlyMap<number, string> = new Map([
  [0, "JOIN"],
  [1, "JOIN"],
  [2, "CROSS JOIN"],
  [3, "CROSS JOIN"],
  [4, "NATURAL JOIN"],
  [5, "NATURAL JOIN"],
  [8, "LEFT JOIN"],
  [16, "RIGHT JOIN"],
  [24, "FULL JOIN"],
]);
const JOIN_OUTER = 32;
const JOIN_NATURAL = 4;
const COMPOUND = { Union: "UNION", UnionAll: "UNION ALL", Except: "EXCEPT", Intersect: "INTERSECT" } as const;
/** A row of `json_each` has an element as `value` and `atom`, and its name as `key` and in `fullkey`. */
const LIST_COPIES = 2;
/** Of one object's tags or metadata, which S3 bounds by ten and by 2 KB. */
const MAP_ELEMENTS = 100;

/**
 * SQL of a SELECT, or of parts of it, built anew from its tree. Tables are replaced by views. Items of FROM and common tables get names
 * of the server's own, so that none can be taken for a table or for another. Throws `QueryRefused`.
 */
export class Renderer implements Expressions {
  readonly uses: TableUse[] = [];
  readonly lists = new Map<string, number>();
  readonly commonTables = new Map<string, string>();
  listed: number | null = 1;
  readonly likeTellsCase: boolean;
  depth = 0;
  growth = 0;
  rowText = 0;
  namedText = 0;
  matchTerms = 0;
  /** Conditions are being rendered. */
  #isCondition = false;
  /** What tables of FROM read, by the server's names. */
  readonly #places = new Map<string, MatchedPlace | null>();
  /** What the FROM that is being rendered adds to `namedText`, and what `*` stands for besides. */
  #broughtText = 0;
  #tableText = 0;
  /** The same of common tables, by their names. */
  readonly #commonText = new Map<string, number>();
  readonly #parameters: ParameterReader;
  readonly #view: RenderOptions["view"];
  readonly #columnName: RenderOptions["columnName"];
  readonly #names = new Names();
  #items = 0;

  constructor({ parameters, markers, likeTellsCase, columnName, view }: RenderOptions) {
    this.#columnName = columnName;
    this.#parameters = new ParameterReader(parameters, markers);
    this.#view = view;
    this.likeTellsCase = likeTellsCase;
  }

  parameter({ name, span }: VariableExpr) {
    return this.#parameters.value(name, span.offset);
  }

  replace(): null {
    return null;
  }

  table(name: string): string {
    return this.#names.resolve(name).name;
  }

  match(expr: LikeExpr): string {
    if (!this.#isCondition) throw new QueryRefused("NotAllowed", "MATCH stands in WHERE and ON alone");
    const text = textOf(expr.rhs, this);
    if (text === null) throw new QueryRefused("NotAllowed", "MATCH takes the words as a text");
    const { sql, terms } = renderMatch(expr, text, {
      find: (name) => this.#names.find(name),
      findInner: (name) => this.#names.findInner(name),
      inner: this.#names.inner,
      place: ({ name }: Named) => this.#places.get(name) ?? null,
    });
    this.matchTerms = Math.max(this.matchTerms, terms);
    return sql;
  }

  /** SQL of WHERE, without the conditions by which the only table's rows are chosen already; "" if there are no others. */
  where(from: FromClause | undefined, where: Expr): string {
    const table = from?.joins?.length ? undefined : from?.select;
    const name = table === undefined ? null : this.#tableOf(table);
    const isNarrowed = name !== null && TABLES[name].columns.some((column) => column.name === "key");
    const isColumn = columnsOf(table === undefined ? "" : aliasOf(table), true);
    const isKept = (expr: Expr) => !(isNarrowed && isNarrowing(expr, isColumn, (value) => textOf(value, this)));
    const kept = conjuncts(where).filter(isKept);
    if (kept.length === 0) return "";
    return `WHERE ${this.#beside(() => kept.map((expr) => this.#condition(expr)).join(" AND "))}`;
  }

  /** Conditions, in which MATCH may stand. */
  #condition(expr: Expr): string {
    const before = this.#isCondition;
    this.#isCondition = true;
    const sql = renderExpression(expr, this);
    this.#isCondition = before;
    return sql;
  }

  /** Parts of the SELECT can be rendered now: its FROM is in scope. */
  enter(from: FromClause | undefined): void {
    this.#names.enter(from, (item) => this.#tableOf(item));
  }

  select(select: Select): string {
    const isCondition = this.#isCondition;
    this.#isCondition = false;
    const sql = this.#wholeSelect(select);
    this.#isCondition = isCondition;
    return sql;
  }

  #wholeSelect(select: Select): string {
    const outer = this.#names.commonTables;
    const withClause = select.with ? this.#with(select.with) : "";
    const compounds = select.compounds ?? [];
    if (compounds.length + 1 > COMPOUND_TERMS_MAX) {
      throw new QueryRefused("LimitExceeded", `more than ${COMPOUND_TERMS_MAX} SELECTs are combined`);
    }
    const [firstFrom, ...froms] = [select.select, ...compounds.map((part) => part.select)].map(fromOf);
    this.enter(firstFrom);
    const named = this.namedText;
    const first = this.#one(select.select);
    // ORDER BY sees the first SELECT's tables.
    const { orderBy, limit: bound } = select;
    const order = orderBy ? ` ORDER BY ${this.#beside(() => renderSorted(orderBy, this))}` : "";
    const limit = bound ? this.#beside(() => this.#limit(bound)) : "";
    this.#names.leave();
    this.namedText = named;
    const rest = compounds
      .map((part, at) => {
        this.enter(froms[at]);
        const sql = ` ${COMPOUND[part.operator]} ${this.#one(part.select)}`;
        this.namedText = named;
        this.#names.leave();
        return sql;
      })
      .join("");
    this.#names.restore(outer);
    return `${withClause}${first}${rest}${order}${limit}`;
  }

  #limit({ expr, offset }: NonNullable<Select["limit"]>): string {
    const count = renderExpression(expr, this);
    return ` LIMIT ${count}${offset ? ` OFFSET ${renderExpression(offset, this)}` : ""}`;
  }

  #with({ recursive, ctes }: NonNullable<Select["with"]>): string {
    if (recursive) throw new QueryRefused("NotAllowed", "WITH RECURSIVE is not allowed");
    return `WITH ${ctes.map((common) => this.#commonTable(common)).join(", ")} `;
  }

  #commonTable({ tblName, columns, materialized, select }: CommonTableExpr): string {
    // In scope behind itself alone: one that names itself would be recursive.
    const { sql, text } = this.#measured(() => this.select(select));
    const { name } = this.#names.addCommon(tblName.text.toLowerCase());
    this.#commonText.set(name, text);
    const names = columns ? `(${columns.map(({ colName }) => quoteName(colName.text)).join(", ")})` : "";
    const how = materialized === "Any" ? "" : materialized === "No" ? "NOT MATERIALIZED " : "MATERIALIZED ";
    return `${quoteName(name)}${names} AS ${how}(${sql})`;
  }

  #one(select: OneSelect): string {
    if (select.type === "SelectFrom") return this.#selectFrom(select);
    return `VALUES ${select.values.map(({ values }) => `(${this.#list(values)})`).join(", ")}`;
  }

  #selectFrom(select: SelectFrom): string {
    const { distinctness, columns, from, whereClause, groupBy, having, windowClause } = select;
    if (columns.length > COLUMNS_MAX) throw new QueryRefused("LimitExceeded", `more than ${COLUMNS_MAX} columns`);
    const distinct = distinctness === "Distinct" ? "DISTINCT " : "";
    const source = from && this.#source(from, whereClause);
    const starText = this.namedText + (source?.tableText ?? 0);
    const results = columns.map((column, index) => this.#column(column, index, starText)).join(", ");
    const parts = [`SELECT ${distinct}${results}`];
    if (source !== undefined) parts.push(`FROM ${source.sql}`);
    if (whereClause) parts.push(this.where(from, whereClause));
    if (groupBy) parts.push(`GROUP BY ${this.#beside(() => this.#list(groupBy))}`);
    if (having) parts.push(`HAVING ${this.#beside(() => renderExpression(having, this))}`);
    if (windowClause) {
      const windows = windowClause.map(
        ({ name, window }) => `${quoteName(name.text)} AS (${this.#beside(() => renderWindow(window, this))})`,
      );
      parts.push(`WINDOW ${windows.join(", ")}`);
    }
    return parts.join(" ");
  }

  /** FROM, whose subqueries' texts may stand in each column that is named from here on. */
  #source(from: FromClause, where: Expr | undefined): { sql: string; tableText: number } {
    const [brought, tables] = [this.#broughtText, this.#tableText];
    [this.#broughtText, this.#tableText] = [0, 0];
    const source = { sql: this.from(from, where), tableText: this.#tableText };
    this.namedText += this.#broughtText;
    [this.#broughtText, this.#tableText] = [brought, tables];
    return source;
  }

  /** Conditions and orders choose rows: none of their texts is in them. */
  #beside(render: () => string): string {
    return this.#measured(render).sql;
  }

  #on(expr: Expr): string {
    return this.#beside(() => this.#condition(expr));
  }

  /** Renders what is in no row by itself, with the characters that it would have. */
  #measured(render: () => string): { sql: string; text: number } {
    const before = this.rowText;
    const sql = render();
    const text = this.rowText - before;
    this.rowText = before;
    return { sql, text };
  }

  /** Renders what stands in the query at another place, and is counted there. */
  #again(render: () => string): string {
    const { growth, listed } = this;
    const sql = this.#beside(render);
    Object.assign(this, { growth, listed });
    return sql;
  }

  #list(exprs: readonly Expr[]): string {
    return exprs.map((expr) => renderExpression(expr, this)).join(", ");
  }

  #column(column: ResultColumn, index: number, starText: number): string {
    switch (column.type) {
      case "StarResultColumn":
        this.rowText += starText;
        return "*";
      case "TableStarResultColumn":
        this.rowText += starText;
        return `${quoteName(this.table(column.table.text))}.*`;
      case "ExprResultColumn": {
        const { offset, length } = column.expr.span;
        const given = column.alias?.name.text ?? nameOf(column.expr);
        const name = given ?? this.#columnName(offset, offset + length, index);
        return `${renderExpression(column.expr, this)} AS ${quoteName(name)}`;
      }
    }
  }

  from({ select, joins = [] }: FromClause, where: Expr | undefined): string {
    if (select === undefined) throw new QueryRefused("SyntaxError", "FROM names no table");
    const isAlone = joins.length === 0;
    const first = this.#table(select, where, isAlone);
    return `${first}${joins.map((join) => this.#join(join, where)).join("")}`;
  }

  #join({ operator, table, constraint }: JoinedSelectTable, where: Expr | undefined): string {
    const isComma = operator.type === "CommaJoinOperator";
    const kind = isComma ? "," : ` ${joinName(operator.joinType ?? 0)} `;
    const sql = this.#table(table, where, false);
    if (constraint === undefined) return `${kind} ${sql}`;
    if (constraint.type === "OnJoinConstraint") return `${kind} ${sql} ON ${this.#on(constraint.expr)}`;
    return `${kind} ${sql} USING (${constraint.columns.map(({ text }) => quoteName(text)).join(", ")})`;
  }

  #table(table: SelectTable, where: Expr | undefined, isAlone: boolean): string {
    if (++this.#items > TABLES_MAX) throw new QueryRefused("LimitExceeded", `more than ${TABLES_MAX} tables`);
    switch (table.type) {
      case "SelectSelectTable": {
        const { sql, text } = this.#measured(() => this.#names.outside(() => this.select(table.select)));
        this.#broughtText += text;
        return `(${sql}) AS ${quoteName(this.#names.of(table).name)}`;
      }
      case "SubSelectTable":
        return `(${this.from(table.from, undefined)})`;
      case "TableCallSelectTable":
        return this.#tableFunction(table);
      case "TableSelectTable": {
        if (table.indexed) throw new QueryRefused("NotAllowed", "INDEXED BY is not allowed");
        const name = tableName(table.tblName);
        const own = this.#names.of(table).name;
        const common = table.tblName.dbName === undefined ? this.#names.common(name) : undefined;
        if (common !== undefined) {
          this.commonTables.set(own, common.name);
          this.#broughtText += this.#commonText.get(common.name) ?? 0;
          return `${quoteName(common.name)} AS ${quoteName(own)}`;
        }
        if (!isTableName(name)) {
          throw new QueryRefused(
            "InvalidQuery",
            `there is no table ${name}`,
            `tables: ${Object.keys(TABLES).join(", ")}`,
          );
        }
        const alias = table.alias?.name.text ?? name;
        this.#tableText += textOfTable(name);
        return `(${this.#use(name, { alias, own, where, isAlone })}) AS ${quoteName(own)}`;
      }
    }
  }

  #tableOf(item: SelectTable): TableName | null {
    if (item.type !== "TableSelectTable") return null;
    const name = tableName(item.tblName);
    const isCommon = item.tblName.dbName === undefined && this.#names.common(name) !== undefined;
    return !isCommon && isTableName(name) ? name : null;
  }

  #tableFunction(table: Extract<SelectTable, { type: "TableCallSelectTable" }>): string {
    const name = tableName(table.tblName);
    const args = table.args ?? [];
    const own = this.#names.of(table).name;
    if (table.tblName.dbName !== undefined)
      throw new QueryRefused("InvalidQuery", `there is no table function ${name}`);
    if (name !== "json_each" || args.length !== 1) {
      throw new QueryRefused("NotAllowed", `the table function ${name} is not allowed`, "json_each(value)");
    }
    const [value] = args as [Expr];
    this.lists.set(own, this.#elements(value));
    const { sql, text } = this.#measured(() => renderExpression(value, this));
    const isOfMap = textOf(value, this) === null;
    this.#broughtText += text * Math.max(LIST_COPIES, jsonLengthening(isOfMap));
    return `json_each(${sql}) AS ${quoteName(own)}`;
  }

  /** How many elements a value has at most: a text that the query brings, or a map of one of the tables before. */
  #elements(value: Expr): number {
    const text = textOf(value, this);
    if (text !== null) return elementsOf(text);
    if (value.type === "QualifiedExpr") {
      const { table } = this.#names.resolve(value.table.text);
      const column = value.column.text.toLowerCase();
      const found = table && TABLES[table].columns.find(({ name }) => name === column);
      if (found?.type === "map<string,string>") return MAP_ELEMENTS;
    }
    throw new QueryRefused(
      "NotAllowed",
      "json_each takes a text, or tags or metadata of a table before it as alias.tags",
    );
  }

  #use(
    table: TableName,
    { alias, own, where, isAlone }: { alias: string; own: string; where: Expr | undefined; isAlone: boolean },
  ): string {
    const folded = alias.toLowerCase();
    const isColumn = columnsOf(folded, isAlone);
    const isNarrowed = !TABLES[table].isOperators;
    const narrowing = isNarrowed ? narrowingOf(where, isColumn, (expr) => textOf(expr, this)) : NOT_NARROWED;
    const constants = {
      text: (expr: Expr) => textOf(expr, this),
      number: (expr: Expr) => numberOf(expr, (variable) => this.parameter(variable)),
      sql: (expr: Expr) => this.#again(() => renderExpression(expr, this)),
    };
    const isTable = (expr: Expr) => expr.type === "Id" && expr.name.toLowerCase() === folded;
    const searches = isNarrowed ? searchesOf(where, table, { isColumn, isTable, constants }) : [];
    const use: TableUse = { table, number: this.uses.length + 1, narrowing, searches };
    this.uses.push(use);
    const { sql, place } = this.#view(use);
    this.#places.set(own, place);
    return sql;
  }
}

/** Columns of the table that is called `alias`, in lower case; without a name before them if it is alone. */
function columnsOf(alias: string, isAlone: boolean): IsColumn {
  return (expr, column) => {
    if (expr.type === "Id") return isAlone && expr.name.toLowerCase() === column;
    if (expr.type === "NameExpr") return isAlone && expr.name.text.toLowerCase() === column;
    return (
      expr.type === "QualifiedExpr" &&
      expr.schema === undefined &&
      expr.table.text.toLowerCase() === alias &&
      expr.column.text.toLowerCase() === column
    );
  };
}

/** What a table of FROM is called, in lower case; "": it is no table. */
function aliasOf(table: SelectTable): string {
  return table.type === "TableSelectTable" ? (table.alias?.name.text.toLowerCase() ?? tableName(table.tblName)) : "";
}

function elementsOf(text: string): number {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? Object.keys(parsed).length : 1;
  } catch {
    // SQLite may read what JSON.parse does not (JSON5): an element has a character at least, and a comma.
    return Math.ceil(text.length / 2);
  }
}

function joinName(type: number): string {
  const name = JOINS.get(type & ~JOIN_OUTER & ~JOIN_NATURAL) ?? JOINS.get(type & ~JOIN_OUTER);
  if (name === undefined) throw new QueryRefused("NotAllowed", "this kind of join is not allowed");
  const isNatural = (type & JOIN_NATURAL) !== 0;
  return isNatural && !name.startsWith("NATURAL") ? `NATURAL ${name}` : name;
}

function tableName({ dbName, objName }: QualifiedName): string {
  checkSchema(dbName);
  return objName.text.toLowerCase();
}

function fromOf(select: OneSelect): FromClause | undefined {
  return select.type === "SelectFrom" ? select.from : undefined;
}

/** The column's own name; null: it is an expression. */
export function nameOf(expr: Expr): string | null {
  if (expr.type === "Id") return expr.name;
  if (expr.type === "NameExpr") return expr.name.text;
  return expr.type === "QualifiedExpr" ? expr.column.text : null;
}
