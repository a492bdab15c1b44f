import type { ReadRows } from "./local-reads.ts";

type Value = string | number | null;

/** A batch on its way: each text of a statement once, and which of them runs with what values. */
export interface LocalBatch {
  readonly texts: readonly string[];
  readonly calls: readonly (readonly [text: number, values: readonly Value[]])[];
}

/** What became of it: all of it was applied, or nothing. `error`: what SQLite says. */
export type LocalAnswer =
  | { readonly results: readonly (ReadRows & { readonly rowsWritten: number })[]; readonly sizeBytes: number }
  | { readonly error: string };

/** Batches for the process that has the database, on the same machine. */
export interface LocalBatches {
  /** In one transaction. Rejects if the process does not answer: the batch may or may not have been applied. */
  run(statements: readonly { sql: string; values: readonly Value[] }[]): Promise<LocalAnswer>;
}

/** Where the metadata's process takes them. The host is of no meaning. */
const URL = "http://metadata/batch";

/**
 * A binding to the process that D1's binding leads to as well, or null. D1's own client writes what it is asked for into a span of a trace, and
 * makes a URL, headers and an object for each statement and result.
 */
export function localBatches(binding: unknown): LocalBatches | null {
  if (!isFetcher(binding)) return null;
  return {
    async run(statements) {
      const response = await binding.fetch(URL, { method: "POST", body: JSON.stringify(toBatch(statements)) });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`the metadata's process answered ${response.status}`);
      }
      return response.json();
    },
  };
}

function toBatch(statements: readonly { sql: string; values: readonly Value[] }[]): LocalBatch {
  const places = new Map<string, number>();
  const calls = statements.map(({ sql, values }) => {
    const place = places.get(sql) ?? places.size;
    places.set(sql, place);
    return [place, values] as const;
  });
  return { texts: [...places.keys()], calls };
}

function isFetcher(binding: unknown): binding is Fetcher {
  return typeof binding === "object" && binding !== null && "fetch" in binding;
}
