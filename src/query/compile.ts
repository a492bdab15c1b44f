import type { Expr } from "sqlite3-parser";
import { intersect, isEveryKey, type KeyRange, unite } from "../base/key-range.ts";
import { TABLES, type TableName } from "../metadata/query/catalog.ts";
import type { SearchUse } from "../metadata/query/search-source.ts";
import { viewSql } from "../metadata/query/views.ts";
import type { Scope, VisibleBucket } from "../metadata/query/visible.ts";
import type { SearchIndex } from "../metadata/search/search.ts";
import { QueryRefused } from "./failure.ts";
import type { Parameters } from "./parameters.ts";
import { type ParsedQuery, parseQuery } from "./parse.ts";
import { renderExpression } from "./render-expression.ts";
import { type RenderedCost, type RenderedView, Renderer, type TableUse } from "./render-select.ts";

/** What a caller may see. */
export interface Sight {
  readonly buckets: readonly VisibleBucket[];
  /** Tables about the whole store too. */
  readonly isOperator: boolean;
  /** Complete indexes, by the bucket's id. */
  readonly indexes?: ReadonlyMap<number, SearchIndex>;
}

export interface QueryInput {
  readonly text: string;
  readonly parameters: Parameters;
  /** Athena's LIKE tells upper from lower case, and it has literals of dates and three parts of names. */
  readonly dialect: "sqlite" | "athena";
}

/** A place of the query, with the rows that it may read. */
export interface ScopedUse extends TableUse {
  readonly scopes: readonly Scope[];
  /** The index through which it reads its rows; null: it reads all in its scopes. */
  readonly search: SearchUse | null;
}

/** A query that may be run. */
export interface CompiledQuery extends RenderedCost {
  readonly parsed: ParsedQuery;
  readonly uses: readonly ScopedUse[];
  /** SQL in which the query's own conditions reach into the views, so that they use indexes; `closed` where they do not. */
  readonly sql: string;
  /** LIMIT and OFFSET of the whole query, which are not in `sql`. */
  readonly limit: { readonly rows: number | null; readonly offset: number };
  /** The views are closed, all of them or those of buckets of which the caller sees a part. */
  readonly isClosed: boolean;
}

export interface CompileOptions {
  readonly sight: Sight;
  /** Every view is closed. */
  readonly closesAll?: boolean;
  /** The indexes that places use, by their numbers. */
  readonly searches?: ReadonlyMap<number, SearchUse>;
  /** Rows of the first table are bounded further: one step of a query that is cut into steps. */
  readonly step?: { readonly bucketId: number; readonly keys: readonly KeyRange[] };
}

/** Parses, checks and builds a query anew for what its caller may see. Throws `QueryRefused`. */
export function compileQuery(input: QueryInput, options: CompileOptions): CompiledQuery {
  const parsed = parseQuery(input.text, input.dialect);
  return compileParsed(parsed, input, options);
}

/** As `compileQuery`, of a tree that was parsed before. */
export function compileParsed(
  parsed: ParsedQuery,
  input: Pick<QueryInput, "parameters" | "dialect">,
  options: CompileOptions,
): CompiledQuery {
  const views = new Views(options);
  const renderer = rendererOf(parsed, input, (use) => views.view(use));
  const sql = renderer.select({ ...parsed.select.body, limit: undefined });
  const limit = limitOf(parsed, renderer);
  const { lists, growth, commonTables, listed, rowText, matchTerms } = renderer;
  if (growth > GROWTH_MAX) {
    throw new QueryRefused(
      "LimitExceeded",
      "too many operations make texts longer (||, concat, replace, group_concat …)",
    );
  }
  const cost = { lists, growth, commonTables, listed, rowText, matchTerms };
  return { parsed, uses: views.uses, sql, limit, isClosed: views.isClosed, ...cost };
}

/** LIMIT and OFFSET, which must be numbers. A negative LIMIT is none, as in SQLite. */
function limitOf({ select: { body } }: ParsedQuery, renderer: Renderer): CompiledQuery["limit"] {
  const read = (expr: Expr | undefined): number => {
    if (expr === undefined) return 0;
    const value = Number(renderExpression(expr, renderer).replace(/^\(- (\d+)\)$/, "-$1"));
    if (Number.isSafeInteger(value)) return value;
    throw new QueryRefused("InvalidQuery", "LIMIT and OFFSET must be whole numbers");
  };
  if (body.limit === undefined) return { rows: null, offset: 0 };
  const rows = read(body.limit.expr);
  return { rows: rows < 0 ? null : rows, offset: Math.max(0, read(body.limit.offset)) };
}

/** Renders parts of a query. Without `options` tables have no rows: it is about what stands around them. */
export function compileWith<T>(
  parsed: ParsedQuery,
  input: Pick<QueryInput, "parameters" | "dialect">,
  { build, options }: { build: (renderer: Renderer) => T; options?: CompileOptions },
): T {
  const views = options && new Views(options);
  return build(rendererOf(parsed, input, (use) => views?.view(use) ?? NO_VIEW));
}

/** Of what is not run. */
const NO_VIEW: RenderedView = { sql: "SELECT 1", place: null };

function rendererOf(
  parsed: ParsedQuery,
  { parameters, dialect }: Pick<QueryInput, "parameters" | "dialect">,
  view: (use: TableUse) => RenderedView,
): Renderer {
  const isAthena = dialect === "athena";
  const columnName = (from: number, to: number, index: number) => columnNameOf(parsed, { from, to, index, dialect });
  return new Renderer({ parameters, markers: parsed.markers, likeTellsCase: isAthena, columnName, view });
}

/** Name of a column that is an expression: `_col0` in Athena, its text in SQLite. */
export function columnNameOf(
  { text }: ParsedQuery,
  { from, to, index, dialect }: { from: number; to: number; index: number; dialect: QueryInput["dialect"] },
): string {
  return dialect === "athena" ? `_col${index}` : text.slice(from, to).slice(0, COLUMN_NAME_MAX);
}

/** The views of one query. */
class Views {
  readonly uses: ScopedUse[] = [];
  isClosed: boolean;
  readonly #options: CompileOptions;

  constructor(options: CompileOptions) {
    this.#options = options;
    this.isClosed = options.closesAll === true;
  }

  view(use: TableUse): RenderedView {
    const { sight, step, closesAll } = this.#options;
    const all = scopesOf(use, sight);
    const scopes = step === undefined ? all : stepOf(all, step);
    const search = (scopes.length === 1 && this.#options.searches?.get(use.number)) || null;
    this.uses.push({ ...use, scopes, search });
    const isPartial = closesAll === true || scopes.some(({ isWhole }) => !isWhole);
    this.isClosed ||= isPartial;
    const { table, number } = use;
    const sql = viewSql({ table, number, scopes, search }, isPartial);
    const index = sight.indexes?.get(scopes[0]?.bucket.id ?? -1) ?? null;
    return { sql, place: { table, number, scopes, search, index } };
  }
}

/** Each may double a text, and SQLite's longest has two million bytes. */
const GROWTH_MAX = 24;
/** Characters of an expression that stand for its column's name. */
const COLUMN_NAME_MAX = 100;

const RANGES: Readonly<Partial<Record<TableName, (bucket: VisibleBucket) => readonly KeyRange[]>>> = {
  objects: ({ objects }) => objects,
  tags: ({ objects }) => objects,
  metadata: ({ objects }) => objects,
  versions: ({ versions }) => versions,
  uploads: ({ uploads }) => uploads,
  parts: ({ uploads, parts }) => intersect(uploads, parts),
};

function scopesOf({ table, narrowing }: TableUse, { buckets, isOperator }: Sight): Scope[] {
  if (TABLES[table].isOperators) {
    if (isOperator) return [];
    throw new QueryRefused("AccessDenied", `table ${table} is for operators`, "a policy must allow sherd:QueryStore");
  }
  const rangesOf = RANGES[table];
  return buckets.flatMap((bucket): Scope[] => {
    if (narrowing.buckets !== null && !narrowing.buckets.includes(bucket.name)) return [];
    if (rangesOf === undefined) return isSeen(bucket) ? [{ bucket, keys: bucket.objects, isWhole: true }] : [];
    const seen = unite(rangesOf(bucket));
    const keys = intersect(seen, narrowing.keys);
    return keys.length === 0 ? [] : [{ bucket, keys, isWhole: isEveryKey(seen) }];
  });
}

function isSeen({ objects, versions, uploads }: VisibleBucket): boolean {
  return objects.length + versions.length + uploads.length > 0;
}

function stepOf(scopes: readonly Scope[], { bucketId, keys }: NonNullable<CompileOptions["step"]>): Scope[] {
  return scopes
    .filter(({ bucket }) => bucket.id === bucketId)
    .map((scope) => ({ ...scope, keys: intersect(scope.keys, keys) }))
    .filter((scope) => scope.keys.length > 0);
}
