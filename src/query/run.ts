import type { Clock } from "../base/clock.ts";
import { compareKeys, type KeyRange } from "../base/key-range.ts";
import { MetadataUnavailable, type TableRows } from "../metadata/database.ts";
import type { QueryTable } from "../metadata/query/queries.ts";
import type { SearchUse } from "../metadata/query/search-source.ts";
import type { Scope } from "../metadata/query/visible.ts";
import { chooseSearches } from "./choose-searches.ts";
import { type CompiledQuery, type CompileOptions, compileParsed, type QueryInput } from "./compile.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { QueryRefused } from "./failure.ts";
import { cutSql } from "./row-text.ts";
import { type SteppedTable, type Steps, stepsOf } from "./steps.ts";

/** What one query may take. */
export interface QueryLimits {
  /** Rows that a query may read which cannot be cut into steps, by its estimate. */
  readonly wholeRowsMax: number;
  /** Rows that a query in steps may read. */
  readonly steppedRowsMax: number;
  /** Of a query in steps, in milliseconds. */
  readonly timeMs: number;
  /** Of one step: each takes about this long, and others are served in between. */
  readonly stepMs: number;
}

export type Value = string | number | null;

/** Where a query in steps goes on. */
export interface Position {
  readonly bucketId: number;
  readonly key: string;
}

/** A query that was checked and whose cost is known as far as it can be. */
export interface PreparedQuery {
  readonly input: QueryInput;
  readonly options: CompileOptions;
  readonly compiled: CompiledQuery;
  readonly steps: Steps | null;
}

/** What a query runs with. */
export interface QueryRun {
  readonly queries: QueryTable;
  readonly clock: Clock;
  readonly limits: QueryLimits;
}

/** Checks a query and finds out how it runs. Runs nothing but its plan. Throws `QueryRefused`. */
export async function prepareQuery(
  { queries }: Pick<QueryRun, "queries">,
  input: QueryInput,
  { parsed, options: given }: { parsed: CompiledQuery["parsed"]; options: CompileOptions },
): Promise<PreparedQuery & { plan: Awaited<ReturnType<QueryTable["plan"]>> }> {
  const plain = compileParsed(parsed, input, given);
  const searches = await told(() => chooseSearches(queries, plain.uses, given.sight));
  const options = searches.size === 0 ? given : { ...given, searches };
  const compiled = searches.size === 0 ? plain : compileParsed(parsed, input, options);
  const plan = await told(() => queries.plan(compiled.sql));
  const isProven = estimate(plan, compiled, new Map()).isProven;
  if (isProven) return { input, options, compiled, steps: stepsOf(parsed, input), plan };
  // A plan that SQLite would run over rows which the caller may not see: closed views leave it no choice.
  const closing = { ...options, closesAll: true };
  const closed = compileParsed(parsed, input, closing);
  const closedPlan = await told(() => queries.plan(closed.sql));
  if (!estimate(closedPlan, closed, new Map()).isProven) throw new Error("a closed view is not read through its key");
  return { input, options: closing, compiled: closed, steps: stepsOf(parsed, input), plan: closedPlan };
}

/** How many rows the query reads; places are counted up to `max` rows each. */
export async function estimateRows(
  { queries }: Pick<QueryRun, "queries">,
  { compiled, plan }: Pick<Awaited<ReturnType<typeof prepareQuery>>, "compiled" | "plan">,
  max: number,
): Promise<Estimate> {
  const counts = new Map<number, number>();
  for (const { number, table, scopes, search } of compiled.uses) {
    const keys = scopes.flatMap((scope) => scope.keys);
    const [searched] = search === null ? [] : await told(() => queries.countSearches([{ search, keys }], max));
    counts.set(number, searched ?? (await queries.count(table, scopes, max)));
  }
  return estimate(plan, compiled, counts);
}

/** One piece of a result. */
export interface Piece extends TableRows {
  /** Where its step begins; null: it is not in steps. */
  readonly at: Position | null;
  /** Rows that were looked at since the piece before, roughly. */
  readonly scanned: number;
  /** The time or the rows of one page are spent: it goes on `at`, and this piece has no rows. */
  readonly isSpent?: true;
  /** The rows that follow do not fit into memory beside these, which are the last of this statement. */
  readonly isCut?: boolean;
}

/** Which rows of a result are wanted. */
export interface Window {
  /** Where the first step begins; null: at the start, or the query is not in steps. */
  readonly from: Position | null;
  /** Rows from there on that are passed over. */
  readonly skip: number;
  /** Rows that are wanted then. */
  readonly rows: number;
  /** What was grouped before, of a query that groups in steps. Absent: it is grouped now. */
  readonly groups?: Groups | undefined;
}

/**
 * Runs a prepared query and gives its result piece by piece. A query over one table runs in steps, between which others are served; any other is
 * refused if its estimate is above the limit, and otherwise is one statement, or several where rows may be long. Rows in steps are not cut to the
 * window: whoever takes them stops, and passes over the first. Throws `QueryRefused` and `MetadataUnavailable`.
 */
export async function* runQuery(
  run: QueryRun,
  prepared: Awaited<ReturnType<typeof prepareQuery>>,
  window: Window,
): AsyncGenerator<Piece> {
  const { steps, compiled } = prepared;
  if (steps?.kind === "rows") return yield* runRows(run, prepared, { table: steps.table, from: window.from });
  if (steps?.kind === "groups") {
    const { state, scanned, isDone } = window.groups ?? (await gatherGroups(run, prepared));
    if (!isDone) throw tookTooLong(scanned, run.limits);
    const statement = { sql: steps.groups.result, values: [state], rowText: compiled.rowText };
    return yield* runWhole(run, statement, { ...window, scanned });
  }
  const { rows } = await estimateRows(run, prepared, run.limits.wholeRowsMax + 1);
  if (rows > run.limits.wholeRowsMax) throw tooManyRows(rows, run.limits.wholeRowsMax);
  yield* runWhole(run, { ...compiled, values: [] }, { ...window, scanned: rows });
}

/** Groups of the rows that were read so far. */
export interface Groups {
  /** Where it goes on; null: at the start. */
  readonly at: Position | null;
  /** JSON of the groups; "": no row was read. */
  readonly state: string;
  readonly scanned: number;
  /** All rows were read. */
  readonly isDone: boolean;
}

const NO_GROUPS: Groups = { at: null, state: "", scanned: 0, isDone: false };

/**
 * Groups the rows of a query that groups in steps, from where it was, until all are read, or time or rows are spent. Throws `QueryRefused` and
 * `MetadataUnavailable`.
 */
export async function gatherGroups(
  run: QueryRun,
  prepared: PreparedQuery,
  before: Groups = NO_GROUPS,
): Promise<Groups> {
  const { steps } = prepared;
  if (steps?.kind !== "groups") throw new Error("the query does not group in steps");
  let { state, scanned } = before;
  for await (const step of walk(run, prepared, { table: steps.table, from: before.at })) {
    if (step.isSpent) return { at: { bucketId: step.bucketId, key: step.keys.lo }, state, scanned, isDone: false };
    state = await mergeStep(run, { prepared, steps, step, state });
    scanned += step.rows;
  }
  if (state === "") state = await mergeStep(run, { prepared, steps, step: NOWHERE, state });
  return { at: null, state, scanned, isDone: true };
}

/** SQL that is not in steps. */
interface Statement {
  readonly sql: string;
  readonly values: readonly string[];
  readonly rowText: number;
}

/** Rows are mostly so many times shorter than they could be. */
const SHORTER = 64;

/** The rows that are wanted, by statements that do not make SQLite hold too much at once. */
async function* runWhole(
  { queries, clock, limits }: QueryRun,
  statement: Statement,
  window: Pick<Window, "skip" | "rows"> & { readonly scanned: number },
): AsyncGenerator<Piece> {
  const untilMs = clock.now() + limits.timeMs;
  const rowsMax = SHORTER * rowsOfText(statement.rowText);
  for (let done = 0; done < window.rows; done += rowsMax) {
    const rows = Math.min(window.rows - done, rowsMax);
    const found = await runCut(queries, statement, { skip: window.skip + done, rows });
    const isEnd = found.rows.length < rows || done + rows === window.rows;
    const isCut = found.isCut || (!isEnd && clock.now() >= untilMs);
    yield { ...found, isCut, at: null, scanned: window.scanned };
    if (isEnd || isCut) return;
  }
}

/**
 * Runs a statement. Where its rows may be longer than is kept in memory, SQLite itself cuts them: they are all there before any can be counted
 * here.
 */
async function runCut(
  queries: QueryTable,
  { sql, values, rowText }: Statement,
  { skip, rows }: Pick<Window, "skip" | "rows">,
): Promise<TableRows & { readonly isCut: boolean }> {
  const limited = `${sql} LIMIT ${rows} OFFSET ${skip}`;
  if (rows <= rowsOfText(rowText)) return { ...(await told(() => queries.run(limited, ...values))), isCut: false };
  const columns = await columnsOf(queries, sql, ...values);
  return cutRows(queries, { sql: limited, values, columns });
}

async function columnsOf(queries: QueryTable, sql: string, ...values: readonly string[]): Promise<readonly string[]> {
  return (await told(() => queries.run(`${sql} LIMIT 0`, ...values))).columns;
}

async function cutRows(
  queries: QueryTable,
  { sql, values = [], columns }: { sql: string; values?: readonly string[]; columns: readonly string[] },
): Promise<TableRows & { readonly isCut: boolean }> {
  const found = await told(() => queries.run(cutSql(sql, columns.length, STATEMENT_TEXT_MAX), ...values));
  const fitting = found.rows.filter((row) => Number(row.at(-1)) <= STATEMENT_TEXT_MAX);
  if (fitting.length === 0 && found.rows.length > 0) {
    throw new QueryRefused(
      "LimitExceeded",
      `a row is longer than ${STATEMENT_TEXT_MAX} characters`,
      "take substr of it",
    );
  }
  const cut = fitting.map((row) => row.slice(0, -1));
  return { columns, rows: cut, rowsRead: found.rowsRead, isCut: fitting.length < found.rows.length };
}

function tooManyRows(rows: number, max: number): QueryRefused {
  return new QueryRefused(
    "LimitExceeded",
    `the query may read ${rows.toLocaleString("en")} rows or more, and ${max.toLocaleString("en")} are allowed`,
    "narrow it by bucket = '…' and starts_with(key, '…'), join by bucket and key, or aggregate one table without a join, ORDER BY in a window or a subquery: that runs in steps",
  );
}

interface Step {
  readonly bucketId: number;
  readonly keys: KeyRange;
  /** How many rows it has at most. */
  readonly rows: number;
  /** It was not begun: time or rows are spent. */
  readonly isSpent?: true;
}

/** A step without rows: of what is aggregated over nothing. */
const NOWHERE: Step = { bucketId: -1, keys: { lo: "", hi: null }, rows: 0 };

async function* runRows(
  run: QueryRun,
  prepared: PreparedQuery,
  { table, from }: { table: Steps["table"]; from: Position | null },
): AsyncGenerator<Piece> {
  let wasEmpty = true;
  let columns: readonly string[] | null = null;
  for await (const step of walk(run, prepared, { table, from, isPaged: true })) {
    const at = { bucketId: step.bucketId, key: step.keys.lo };
    if (step.isSpent) return yield { columns: [], rows: [], rowsRead: 0, at, scanned: 0, isSpent: true };
    const { sql } = stepOf(prepared, step);
    wasEmpty = false;
    if (table === "objects") {
      yield { ...(await told(() => run.queries.run(sql))), at, scanned: step.rows };
      continue;
    }
    // A key may have any number of versions, and many pairs of metadata.
    columns ??= await columnsOf(run.queries, sql);
    const found = await cutRows(run.queries, { sql, columns });
    if (found.isCut) throw keyTooLong();
    yield { ...found, at, scanned: step.rows };
  }
  if (!wasEmpty) return;
  const { sql } = stepOf(prepared, NOWHERE);
  yield { ...(await told(() => run.queries.run(sql))), at: null, scanned: 0 };
}

function keyTooLong(): QueryRefused {
  return new QueryRefused(
    "LimitExceeded",
    `the rows of a few keys have more than ${STATEMENT_TEXT_MAX} characters`,
    "name fewer columns, or add ORDER BY key",
  );
}

function stepOf({ compiled, input, options }: PreparedQuery, { bucketId, keys }: Step): CompiledQuery {
  return compileParsed(compiled.parsed, input, { ...options, step: { bucketId, keys: [keys] } });
}

/** Lists of groups up to this length are put one behind the other: the result merges them anyway. */
const UNMERGED_TEXT_MAX = 32 * 1024;

/** Adds one step's groups to those so far; "" before the first. */
async function mergeStep(
  { queries }: Pick<QueryRun, "queries">,
  at: {
    prepared: PreparedQuery;
    steps: Extract<Steps, { kind: "groups" }>;
    step: Pick<Step, "bucketId" | "keys">;
    state: string;
  },
): Promise<string> {
  const { prepared, steps, step, state } = at;
  const options = { ...prepared.options, step: { bucketId: step.bucketId, keys: [step.keys] } };
  const found = await told(() => queries.run(steps.groups.step(options)));
  const list = String(found.rows[0]?.[0] ?? "[]");
  if (state === "" || state === "[]") return list;
  if (list === "[]") return state;
  if (state.length + list.length <= UNMERGED_TEXT_MAX) return `${state.slice(0, -1)},${list.slice(1)}`;
  const merged = await told(() => queries.run(steps.groups.merge, state, list));
  return String(merged.rows[0]?.[0] ?? "[]");
}

/** Characters of all rows that a statement returns. */
const STATEMENT_TEXT_MAX = 16 * 1024 * 1024;
/** Rows of these tables that an object has, mostly. */
const ROWS_PER_OBJECT: Readonly<Record<SteppedTable, number>> = { objects: 1, versions: 1, tags: 10, metadata: 10 };

/** How many rows of so many characters a statement may return. */
function rowsOfText(rowText: number): number {
  return Math.max(1, Math.floor(STATEMENT_TEXT_MAX / Math.max(rowText, 1)));
}

const FIRST_ROWS = 500;
/** Steps do not become smaller than this: each costs round trips, and a Worker may make a bounded number of them. */
const STEP_ROWS_MIN = 1_000;
const STEP_ROWS_MAX = 20_000;

/**
 * Ranges of keys that hold a bounded number of rows each, in the order of buckets' ids and keys. Their size follows the time that they take, without
 * the round trip, for which the search for the step's end stands. An index that is no point is read whole in every step, so that there are as few
 * as can be. Says so if time or rows are spent.
 */
async function* walk(
  { queries, clock, limits }: QueryRun,
  { compiled }: PreparedQuery,
  { table, from, isPaged = false }: { table: Steps["table"]; from: Position | null; isPaged?: boolean },
): AsyncGenerator<Step> {
  const search = compiled.uses[0]?.search ?? null;
  const ranges = rangesOf(compiled.uses[0]?.scopes ?? [], from);
  const untilMs = clock.now() + limits.timeMs;
  // Groups of a step are one value, which SQLite bounds.
  const fitting = isPaged ? Math.ceil(rowsOfText(compiled.rowText) / ROWS_PER_OBJECT[table]) : STEP_ROWS_MAX;
  const rowsMax = Math.min(STEP_ROWS_MAX, fitting);
  const isReadWhole = search !== null && !search.isPoint;
  let rows = isReadWhole ? rowsMax : Math.min(FIRST_ROWS, rowsMax);
  let scanned = 0;
  for (const range of ranges) {
    let lo: string | null = range.keys.lo;
    while (lo !== null) {
      const begunMs = clock.now();
      const keys: KeyRange = { lo, hi: range.keys.hi };
      if (begunMs >= untilMs || scanned >= limits.steppedRowsMax) {
        return yield { bucketId: range.bucketId, keys, rows: 0, isSpent: true };
      }
      const end = await boundary(queries, table, { bucketId: range.bucketId, keys, rows, search });
      const endFoundMs = clock.now();
      yield { bucketId: range.bucketId, keys: { lo, hi: end ?? keys.hi }, rows };
      scanned += rows;
      lo = end;
      if (isReadWhole) continue;
      const tookMs = Math.max(1, clock.now() - endFoundMs - (endFoundMs - begunMs));
      rows = Math.round(Math.min(rowsMax, rows * 4, Math.max(STEP_ROWS_MIN, (rows * limits.stepMs) / tookMs)));
    }
  }
}

async function boundary(
  queries: QueryTable,
  table: Steps["table"],
  at: Parameters<QueryTable["boundary"]>[1] & { readonly search: SearchUse | null },
): Promise<string | null> {
  const { search } = at;
  if (search !== null) return told(() => queries.searchBoundary(search, at.keys, at.rows));
  const found = await told(() => queries.boundary("objects", at));
  if (table !== "versions") return found;
  // Each key has a bounded part in a step by its rows of the other table too; a key with more versions than that is one step.
  const other = await told(() => queries.boundary("versions", at));
  const next = other === at.keys.lo ? null : other;
  return found === null || next === null ? (found ?? next) : compareKeys(found, next) < 0 ? found : next;
}

function rangesOf(scopes: readonly Scope[], from: Position | null): { bucketId: number; keys: KeyRange }[] {
  const all = scopes.flatMap(({ bucket, keys }) => keys.map((one) => ({ bucketId: bucket.id, keys: one })));
  all.sort((a, b) => a.bucketId - b.bucketId);
  if (from === null) return all;
  const rest = all.filter(
    ({ bucketId, keys }) =>
      bucketId > from.bucketId ||
      (bucketId === from.bucketId && (keys.hi === null || compareKeys(from.key, keys.hi) < 0)),
  );
  return rest.map((one) =>
    one.bucketId === from.bucketId && compareKeys(one.keys.lo, from.key) < 0
      ? { bucketId: one.bucketId, keys: { lo: from.key, hi: one.keys.hi } }
      : one,
  );
}

function tookTooLong(scanned: number, { timeMs, steppedRowsMax }: QueryLimits): QueryRefused {
  return new QueryRefused(
    "LimitExceeded",
    `the query has read ${scanned.toLocaleString("en")} rows: it may read ${steppedRowsMax.toLocaleString("en")} and take ${timeMs / 1000} s`,
    "narrow it by bucket = '…' and starts_with(key, '…'), and add the parts together; an operator may raise SHERD_SQL_STEPPED_ROWS and SHERD_SQL_SECONDS",
  );
}

/** What SQLite says of a query, in words for its writer. */
async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof QueryRefused) throw error;
    const message = sqliteMessage(error);
    if (message === null) throw error;
    if (/too big|too much|out of memory|too many|too complex/i.test(message)) {
      throw new QueryRefused("LimitExceeded", message, "a value, a group list or the query is too large");
    }
    throw new QueryRefused("InvalidQuery", message);
  }
}

const PROBLEMS =
  /(no such column: .*|no such function: .*|ambiguous column name: .*|misuse of .*|malformed JSON.*|bad JSON path: .*|a GROUP BY clause .*|aggregate functions are not allowed.*|\d+(st|nd|rd|th) .* term .*|SELECTs to the left and right .*|wrong number of arguments .*|integer overflow|string or blob too big|.* has \d+ values for \d+ columns|all VALUES must have .*|no such window: .*|cannot join using column .*|Expression tree is too large.*|parser stack overflow|too many .*|.*sub-select returns .*|row value misused|near ".*": syntax error|unsupported frame specification.*|frame .* must be .*|datatype mismatch|ORDER BY .*|argument of .*|.* may not be .*|JSON .*)/;

/** The part of a message that is about the query; null: the database has a problem. */
function sqliteMessage(error: Error): string | null {
  if (error instanceof MetadataUnavailable && !PROBLEMS.test(error.message)) return null;
  const [found] = PROBLEMS.exec(error.message) ?? [];
  return (
    found?.replace(/( at offset \d+)?: SQLITE_ERROR.*$| at offset \d+$/, "").replaceAll(/\b[aq]\$\d+\./g, "") ?? null
  );
}
