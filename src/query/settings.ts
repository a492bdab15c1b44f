import type { QueryLimits } from "./run.ts";

/** What a deployment allows queries; docs/configuration.md explains each variable. */
export interface QuerySettings extends QueryLimits {
  /** Rows of one page of an answer. */
  readonly pageRowsMax: number;
  /** Bytes of one page of an answer, roughly. */
  readonly pageBytesMax: number;
  /** Queries that one account runs at a time in one isolate. */
  readonly queriesPerAccount: number;
}

/** As few rows of a step as take about so long, beside the round trip. */
const STEP_MS = 10;

/** Reads the variables. Throws an `Error` that says what to fix. */
export function readQuerySettings(variables: Readonly<Record<string, unknown>>): QuerySettings {
  const count = (name: string, otherwise: number, most: number) => {
    const text = String(variables[name] ?? "").trim();
    if (text === "") return otherwise;
    if (/^\d{1,12}$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text);
    throw new Error(`${name} must be a whole number from 1 to ${most}, not ${JSON.stringify(text)}`);
  };
  return {
    wholeRowsMax: count("SHERD_SQL_ROWS", 1_000_000, 1_000_000_000),
    steppedRowsMax: count("SHERD_SQL_STEPPED_ROWS", 20_000_000, 1_000_000_000_000),
    timeMs: 1000 * count("SHERD_SQL_SECONDS", 25, 300),
    pageRowsMax: count("SHERD_SQL_PAGE_ROWS", 10_000, 100_000),
    pageBytesMax: 1024 * 1024 * count("SHERD_SQL_PAGE_MIB", 8, 24),
    queriesPerAccount: count("SHERD_SQL_QUERIES", 4, 1_000),
    stepMs: STEP_MS,
  };
}
