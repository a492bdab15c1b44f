import type { Caller } from "../auth/access.ts";
import type { Clock } from "../base/clock.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import type { QueryInput } from "./compile.ts";
import { QueryRefused } from "./failure.ts";
import { type Format, writeTable } from "./formats.ts";
import { checkParameters } from "./parameters.ts";
import { parseQuery } from "./parse.ts";
import { estimateRows, type Groups, type Position, prepareQuery, runQuery, type Value } from "./run.ts";
import type { QuerySettings } from "./settings.ts";
import { type BucketSight, bucketsNamed, findSight } from "./sight.ts";
import { FIRST_PAGE, openToken, type PageStart, sealToken } from "./token.ts";

/** What queries are answered with. */
export interface QueryParts {
  readonly databases: readonly Metadata[];
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly settings: QuerySettings;
  readonly running: RunningQueries;
}

/** One page of an answer. */
export interface Page {
  readonly format: Format;
  readonly body: string | Uint8Array;
  readonly rows: number;
  /** Rows that were read, roughly. */
  readonly scanned: number;
  /** Null: this was the last page. */
  readonly next: string | null;
}

/** A request as its JSON has it, checked. */
interface Asked {
  readonly query: string;
  readonly input: QueryInput;
  readonly format: Format;
  readonly rows: number | null;
  readonly token: string | null;
  readonly buckets: readonly string[] | null;
}

/** As many pages of a first answer have, where a request does not say. */
const PAGE_ROWS = 1_000;
const BUCKETS_NAMED_MAX = 100;

/** Queries that run at a time, by account. One for each isolate. */
export class RunningQueries {
  readonly #counts = new Map<string, number>();

  /** Throws `QueryRefused` if the account has as many as it may. */
  async run<T>(accountId: string, max: number, work: () => Promise<T>): Promise<T> {
    const count = this.#counts.get(accountId) ?? 0;
    if (count >= max) {
      throw new QueryRefused("LimitExceeded", `the account runs ${count} queries already`, "wait until one has ended");
    }
    this.#counts.set(accountId, count + 1);
    try {
      return await work();
    } finally {
      const left = (this.#counts.get(accountId) ?? 1) - 1;
      if (left > 0) this.#counts.set(accountId, left);
      else this.#counts.delete(accountId);
    }
  }
}

/** Answers one request for a page. `body` is its JSON. Throws `QueryRefused` and `MetadataUnavailable`. */
export async function askQuery(parts: QueryParts, { caller, bucketSight }: Asking, body: unknown): Promise<Page> {
  const asked = readRequest(body);
  const { principal } = caller;
  const accountId = "accountId" in principal ? principal.accountId : "";
  return parts.running.run(accountId, parts.settings.queriesPerAccount, () =>
    answer(parts, { caller, bucketSight }, { asked, accountId }),
  );
}

export interface Asking {
  readonly caller: Caller;
  readonly bucketSight: BucketSight;
}

async function answer(
  parts: QueryParts,
  { caller, bucketSight }: Asking,
  { asked, accountId }: { asked: Asked; accountId: string },
): Promise<Page> {
  const { clock, settings, sealer } = parts;
  const parsed = parseQuery(asked.query);
  const named = asked.buckets ?? bucketsNamed(parsed, asked.input);
  const { metadata, sight } = await findSight(caller, { databases: parts.databases, bucketSight, named });
  const run = { queries: metadata.queries, clock, limits: settings };
  const prepared = await prepareQuery(run, asked.input, { parsed, options: { sight } });
  if (parsed.isExplained) {
    const max = settings.wholeRowsMax + 1;
    const { rows } = await estimateRows(run, prepared, max);
    const steps = prepared.steps !== null;
    const counted = rows >= max && steps ? "at least" : "at most";
    const explained = {
      rows,
      counted,
      runsInSteps: steps,
      allowed: steps ? settings.steppedRowsMax : settings.wholeRowsMax,
    };
    const plan = prepared.plan.map(({ detail }) => detail.replaceAll("$", ""));
    return { format: "jsonl", body: `${JSON.stringify({ ...explained, plan })}\n`, rows: 1, scanned: 0, next: null };
  }
  const about = [accountId, asked.query, asked.input.parameters, asked.buckets];
  const start = asked.token === null ? FIRST_PAGE : openToken(sealer, about, asked.token);
  const page = await takePage(run, prepared, {
    start,
    rows: Math.min(asked.rows ?? PAGE_ROWS, settings.pageRowsMax),
    bytesMax: settings.pageBytesMax,
    repeatsNames: asked.format === "jsonl",
  });
  return {
    format: asked.format,
    body: writeTable(page, asked.format),
    rows: page.rows.length,
    scanned: page.scanned,
    next: page.next && sealToken(sealer, about, page.next),
  };
}

interface TakenPage {
  readonly columns: readonly string[];
  readonly rows: (readonly Value[])[];
  readonly scanned: number;
  readonly next: PageStart | null;
}

interface PageBounds {
  readonly start: PageStart;
  readonly rows: number;
  readonly bytesMax: number;
  /** See `Window`. */
  readonly groups?: Groups | undefined;
  /** Each row is written with the names of its columns. */
  readonly repeatsNames?: boolean;
}

/** Runs the query until the page is full, in rows or in bytes, or the query is at its end. */
export async function takePage(
  run: Parameters<typeof runQuery>[0],
  prepared: Parameters<typeof runQuery>[1],
  { start, rows: rowsMax, bytesMax, groups, repeatsNames = false }: PageBounds,
): Promise<TakenPage> {
  const { limit } = prepared.compiled;
  const isStepped = prepared.steps?.kind === "rows";
  const wanted = Math.min(rowsMax, limit.rows === null ? rowsMax : Math.max(0, limit.rows - start.given));
  // The first page of all passes over OFFSET; those behind it know where they are.
  let skip = start.skip + (start.given === 0 && start.from === null ? limit.offset : 0);
  if (!isStepped && start.given > 0) skip += limit.offset;
  let at: Position | null = start.from;
  const taken: (readonly Value[])[] = [];
  let columns: readonly string[] = [];
  let [bytes, scanned] = [0, 0];
  /** The page ends before the row of this index in the piece. */
  const ended = (index: number): TakenPage => {
    const given = start.given + taken.length;
    const next = isStepped ? { from: at, skip: index, given } : { from: null, skip: start.skip + taken.length, given };
    return { columns, rows: taken, scanned, next: limit.rows !== null && given >= limit.rows ? null : next };
  };
  for await (const piece of runQuery(run, prepared, { from: start.from, skip, rows: wanted + 1, groups })) {
    if (piece.isSpent) {
      const given = start.given + taken.length;
      return { columns, rows: taken, scanned, next: { from: piece.at, skip, given } };
    }
    columns = piece.columns;
    const nameBytes = repeatsNames ? sizeOf(columns.map((name) => JSON.stringify(name))) : 0;
    scanned += piece.scanned;
    if (isStepped && JSON.stringify(piece.at) !== JSON.stringify(at)) at = piece.at;
    const passed = isStepped ? Math.min(skip, piece.rows.length) : 0;
    for (let index = passed; index < piece.rows.length; index++) {
      const row = piece.rows[index] as readonly Value[];
      if (taken.length >= wanted || (bytes >= bytesMax && taken.length > 0)) return ended(index);
      taken.push(row);
      bytes += sizeOf(row) + nameBytes;
    }
    skip -= passed;
    if (piece.isCut) return ended(piece.rows.length);
  }
  return { columns, rows: taken, scanned, next: null };
}

function sizeOf(row: readonly Value[]): number {
  return row.reduce<number>((sum, value) => sum + 8 + (typeof value === "string" ? value.length : 0), 0);
}

const FORMATS: ReadonlySet<unknown> = new Set(["jsonl", "csv", "parquet"]);
const MEMBERS: ReadonlySet<string> = new Set(["query", "parameters", "format", "rows", "token", "buckets"]);

function readRequest(body: unknown): Asked {
  const problem = (message: string) => new QueryRefused("InvalidQuery", message);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw problem("the body must be a JSON object");
  const odd = Object.keys(body).find((name) => !MEMBERS.has(name));
  if (odd !== undefined) throw problem(`the body has a member ${odd}: there are ${[...MEMBERS].join(", ")}`);
  const {
    query,
    parameters = [],
    format = "jsonl",
    rows = null,
    token = null,
    buckets = null,
  } = body as Record<string, unknown>;
  if (typeof query !== "string") throw problem("query must be a text");
  if (!FORMATS.has(format)) throw problem("format must be jsonl, csv or parquet");
  if (rows !== null && (!Number.isSafeInteger(rows) || (rows as number) < 1))
    throw problem("rows must be a whole number from 1");
  if (token !== null && typeof token !== "string") throw problem("token must be a text");
  const isList = Array.isArray(buckets) && buckets.every((name) => typeof name === "string");
  if (buckets !== null && (!isList || buckets.length > BUCKETS_NAMED_MAX)) {
    throw problem(`buckets must be a list of at most ${BUCKETS_NAMED_MAX} names`);
  }
  const input: QueryInput = { text: query, parameters: checkParameters(parameters), dialect: "sqlite" };
  return {
    query,
    input,
    format: format as Format,
    rows: rows as number | null,
    token,
    buckets: buckets as string[] | null,
  };
}
