import type { Clock } from "../base/clock.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import { type QueryParts, RunningQueries } from "./ask.ts";
import { readQuerySettings } from "./settings.ts";

/** What queries are answered with, from the Worker's variables and its databases. Throws an `Error` that says what to fix. */
export function openQueries(
  env: Readonly<Record<string, unknown>>,
  stores: readonly { readonly metadata: Metadata; readonly clock: Clock }[],
  sealer: Sealer,
): QueryParts {
  const [{ clock }] = stores as readonly [(typeof stores)[number]];
  const databases = stores.map(({ metadata }) => metadata);
  return { databases, clock, sealer, settings: readQuerySettings(env), running: new RunningQueries() };
}
