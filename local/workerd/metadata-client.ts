import { request } from "node:http";
import { text } from "node:stream/consumers";

type Value = string | number | null;

/** One statement for the metadata. */
export interface MetadataStatement {
  readonly sql: string;
  readonly params: readonly Value[];
}

/** The part of D1's client that the migrations and the checks of a start need. */
export interface MetadataClient {
  /**
   * Runs all statements in one transaction; resolves with the rows of each. Rejects with SQLite's
   * error.
   */
  query(statements: readonly MetadataStatement[]): Promise<Record<string, Value>[][]>;
}

interface Answered {
  success: boolean;
  error?: string;
  results?: { columns: string[]; rows: Value[][] };
}

/** Speaks D1's protocol to the metadata's process over its Unix socket. */
export function metadataClient(socketPath: string): MetadataClient {
  return {
    async query(statements) {
      const answer = JSON.parse(await post(socketPath, JSON.stringify(statements))) as Answered | Answered[];
      return [answer].flat().map(({ success, error, results }) => {
        if (!success || !results) throw new Error(error ?? "the metadata do not answer");
        return results.rows.map((row) =>
          Object.fromEntries(results.columns.map((name, at) => [name, row[at] ?? null])),
        );
      });
    },
  };
}

function post(socketPath: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method: "POST", path: "/query" }, (response) => {
      text(response).then(resolve, reject);
    });
    call.on("error", reject);
    call.end(body);
  });
}
