import type { CompiledQuery, CompileOptions, QueryInput, Sight } from "./compile.ts";
import { QueryRefused } from "./failure.ts";
import { literalsOf } from "./literals.ts";
import { parseQuery } from "./parse.ts";
import type { Groups } from "./run.ts";

/** A query as Athena's API was asked it. */
export interface AthenaQuestion {
  readonly query: string;
  readonly parameters: readonly string[];
}

/** Parses what Athena's API was asked. Throws `QueryRefused`. */
export function readQuestion({ query, parameters }: AthenaQuestion): {
  parsed: CompiledQuery["parsed"];
  input: QueryInput;
} {
  const parsed = parseQuery(query.replace(/;\s*$/, ""), "athena");
  return { parsed, input: { text: query, parameters: literalsOf(parameters), dialect: "athena" } };
}

/** JSON of what a caller may see, and of the ARN of whoever it is. Two are equal if both are the same. */
export function writeSight({ buckets, isOperator }: Sight, starter: string): string {
  return JSON.stringify({ starter, buckets, isOperator });
}

/** The ARN of whoever started a query; null: it was not kept. */
export function starterOf(sight: string): string | null {
  return (JSON.parse(sight) as { starter?: string }).starter ?? null;
}

export function readSight(text: string): CompileOptions["sight"] {
  return JSON.parse(text);
}

/** A row of D1 has two million bytes. */
const ROW_BYTES_MAX = 1_800_000;

/** Groups so far, as table carried_queries keeps them beside `sight`. Throws `QueryRefused`. */
export function writeGroups({ at, state, scanned, isDone }: Groups, sight: string) {
  if (new TextEncoder().encode(state + sight).length > ROW_BYTES_MAX) {
    throw new QueryRefused("LimitExceeded", "the query is long, and its groups are too many to be kept", "narrow it");
  }
  return { place: JSON.stringify(at), groups: state, scanned, isDone };
}

export function readGroups(row: { place: string; groups: string; scanned: number; isDone: boolean }): Groups {
  return { at: JSON.parse(row.place), state: row.groups, scanned: row.scanned, isDone: row.isDone };
}
