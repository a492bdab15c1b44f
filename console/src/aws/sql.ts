import type { AwsClient } from "./client.ts";
import { AwsError, errorOf } from "./errors.ts";

/** Why a query was not run (docs/sql.md). */
export class SqlError extends AwsError {
  /** What would help. */
  readonly hint: string | null;
  /** Index of the first wrong character. */
  readonly position: number | null;

  constructor(facts: { code: string; message: string; status: number; hint: string | null; position: number | null }) {
    super(facts);
    this.hint = facts.hint;
    this.position = facts.position;
  }
}

export type Format = "jsonl" | "csv" | "parquet";
export type Cell = string | number | null;

interface Asked {
  query: string;
  /** What the page before gave; absent: the first page. */
  token?: string | undefined;
  /** Rows of the page. */
  rows?: number;
  signal?: AbortSignal;
}

/** One page of an answer, as the store wrote it. */
export interface FilePage {
  body: Response;
  rows: number;
  /** Asks for the next page; null: this is the last. */
  next: string | null;
}

/** Throws `SqlError`, or `AwsError` if the caller may not ask at all. */
export async function sqlFile(
  client: AwsClient,
  { query, token, rows, signal }: Asked,
  format: Format,
): Promise<FilePage> {
  const body = JSON.stringify({ query, format, ...(token && { token }), ...(rows && { rows }) });
  const headers = { "content-type": "application/json" };
  const response = await client.exchange("sherd", { method: "POST", path: "/-/sql", headers, body, signal });
  if (!response.ok) throw await refusalOf(response);
  const { headers: told } = response;
  return { body: response, rows: Number(told.get("x-sherd-rows")), next: told.get("x-sherd-next-token") };
}

async function refusalOf(response: Response): Promise<AwsError> {
  const parsed: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const error = (parsed as { error?: unknown } | null)?.error;
  if (typeof error !== "object" || error === null) return errorOf(response);
  const { code, message, hint, position } = error as Record<string, unknown>;
  return new SqlError({
    code: String(code),
    message: String(message),
    status: response.status,
    hint: typeof hint === "string" ? hint : null,
    position: typeof position === "number" ? position : null,
  });
}

export interface SqlPage {
  columns: string[];
  rows: Cell[][];
  /** Rows that were read, roughly. */
  scanned: number;
  next: string | null;
}

/** One page of rows. Throws `SqlError`. */
export async function sqlPage(client: AwsClient, asked: Asked): Promise<SqlPage> {
  const { body, next } = await sqlFile(client, asked, "jsonl");
  const scanned = Number(body.headers.get("x-sherd-rows-scanned"));
  const lines = (await body.text()).split("\n").filter((line) => line !== "");
  const columns = namesIn(lines[0] ?? "");
  const rows = lines.map((line) => {
    const row = JSON.parse(line) as Record<string, unknown>;
    return columns.map((name) => cellOf(row[name]));
  });
  return { columns, rows, scanned, next };
}

/** Names of a line's members as they stand there: in an object those of digits would come first. */
function namesIn(line: string): string[] {
  const names: string[] = [];
  let start: number | null = null;
  // Not a whole text at a time: one of megabytes is too much for a regular expression.
  for (const { 0: found, index } of line.matchAll(/\\.|"/g)) {
    if (found !== '"') continue;
    if (start !== null && line[index + 1] === ":") names.push(JSON.parse(line.slice(start, index + 1)) as string);
    start = start === null ? index : null;
  }
  return names;
}

/** EXPLAIN has values that no column has: they are shown as JSON. */
function cellOf(value: unknown): Cell {
  return value === null || typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value);
}

/** What running a query would cost; nothing is run. */
export interface Explained {
  rows: number;
  counted: "at least" | "at most";
  runsInSteps: boolean;
  /** As many rows as it may read. */
  allowed: number;
  plan: string[];
}

export async function explainSql(client: AwsClient, query: string): Promise<Explained> {
  const { body } = await sqlFile(client, { query: `EXPLAIN ${query}` }, "jsonl");
  return (await body.json()) as Explained;
}

/** Whether the caller may ask by SQL at all: only the server knows. */
export async function maySql(client: AwsClient): Promise<boolean> {
  try {
    await explainSql(client, "SELECT bucket FROM buckets");
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.status === 403) return false;
    throw error;
  }
}
