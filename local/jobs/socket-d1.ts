import type { MetadataStatement } from "../workerd/metadata-client.ts";

interface Answered {
  success: boolean;
  error?: string;
  results: { columns: string[]; rows: (string | number | null)[][] };
  meta: { rows_read: number; rows_written: number; size_after: number };
}

/**
 * D1's binding, as far as `src/metadata` uses it, over the socket of the process with the metadata.
 * Answers and errors are those of workerd's binding.
 */
export class SocketD1 {
  readonly #service: Pick<Fetcher, "fetch">;

  constructor(service: Pick<Fetcher, "fetch">) {
    this.#service = service;
  }

  prepare(sql: string): BoundStatement {
    return new BoundStatement(sql, []);
  }

  /** One transaction. Rejects if a statement fails; then none takes effect. */
  async batch(statements: readonly BoundStatement[]) {
    const body = JSON.stringify(statements.map(({ sql, params }): MetadataStatement => ({ sql, params })));
    const response = await this.#service.fetch("http://d1/query", { method: "POST", body });
    if (response.status !== 200) throw new Error(`D1_ERROR: the metadata answer ${response.status}`);
    const answers = [await response.json<Answered | Answered[]>()].flat();
    return answers.map(({ success, error, results, meta }) => {
      if (!success) throw new Error(`D1_ERROR: ${error}`);
      const { columns, rows } = results;
      return {
        success,
        meta,
        results: rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]]))),
      };
    });
  }
}

class BoundStatement {
  readonly sql: string;
  readonly params: MetadataStatement["params"];

  constructor(sql: string, params: MetadataStatement["params"]) {
    this.sql = sql;
    this.params = params;
  }

  bind(...params: MetadataStatement["params"]): BoundStatement {
    return new BoundStatement(this.sql, params);
  }
}
