import { type QueryParts, RunningQueries } from "./ask.ts";
import { readQuerySettings } from "./settings.ts";

/** What queries are answered with, from the Worker's variables. Throws an `Error` that says what to fix. */
export function openQueries(
  env: Readonly<Record<string, unknown>>,
  parts: Pick<QueryParts, "databases" | "clock" | "sealer">,
): QueryParts {
  return { ...parts, settings: readQuerySettings(env), running: new RunningQueries() };
}
