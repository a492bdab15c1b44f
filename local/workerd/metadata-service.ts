import { DurableObject } from "cloudflare:workers";
import type { LocalAnswer, LocalBatch } from "../../src/metadata/local-batches.ts";

/** One statement as D1's binding sends it. */
interface Query {
  sql: string;
  params?: (string | number | null)[] | null;
}

interface Env {
  DATABASE: DurableObjectNamespace;
}

/** Miniflare's name for the one database, so that both open the same file. */
const DATABASE_NAME = "sherd";

/**
 * D1 for the processes of one server. Answers workerd's D1 binding over HTTP (`POST /query` with
 * statements for one transaction) from SQLite in a Durable Object, as Cloudflare's D1 does.
 * Answered writes are on the disk: a Durable Object's answers wait for its writes.
 *
 * Miniflare has a similar service for development. That one checks each statement with regular
 * expressions and each value with a schema, and must be in one process with its callers.
 */
export class D1DatabaseObject extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === "/batch") return Response.json(this.#batch(await request.json()));
    if (request.method !== "POST" || pathname !== "/query") return new Response(null, { status: 404 });
    const queries = [(await request.json()) as Query | Query[]].flat();
    try {
      const results = this.ctx.storage.transactionSync(() => queries.map((query) => this.#run(query)));
      // SQLite is asked for the size by two statements that it parses each time: once is enough.
      const size_after = this.ctx.storage.sql.databaseSize;
      return Response.json(results.map(({ meta, ...rest }) => ({ ...rest, meta: { ...meta, size_after } })));
    } catch (error) {
      return Response.json({ success: false, error: error instanceof Error ? error.message : String(error) });
    }
  }

  /**
   * Answers the serving processes. Each has such an object of its own, on the file that the
   * metadata's process writes. Reading statements only, in one transaction.
   */
  read(queries: readonly { sql: string; values: (string | number | null)[] }[]) {
    const run = ({ sql, values }: (typeof queries)[number]) => {
      const { rowsWritten, ...read } = this.#exec(sql, values);
      if (rowsWritten > 0) throw new Error("a statement that was to read has written");
      return read;
    };
    const [first, ...more] = queries;
    if (first && more.length === 0) return [run(first)];
    return this.ctx.storage.transactionSync(() => queries.map(run));
  }

  /** What fronts ask besides, without D1's client. */
  #batch({ texts, calls }: LocalBatch): LocalAnswer {
    try {
      const results = this.ctx.storage.transactionSync(() =>
        calls.map(([text, values]) => this.#exec(texts[text] as string, values)),
      );
      return { results, sizeBytes: this.ctx.storage.sql.databaseSize };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  #run({ sql, params }: Query) {
    const { columns, rows, rowsRead, rowsWritten } = this.#exec(sql, params ?? []);
    const meta = { rows_read: rowsRead, rows_written: rowsWritten, changed_db: rowsWritten > 0 };
    return { success: true, results: { columns, rows }, meta };
  }

  #exec(sql: string, values: readonly (string | number | null)[]) {
    const cursor = this.ctx.storage.sql.exec(sql, ...values);
    const rows = Array.from(cursor.raw());
    return { columns: cursor.columnNames, rows, rowsRead: cursor.rowsRead, rowsWritten: cursor.rowsWritten };
  }
}

export default {
  fetch(request: Request, { DATABASE }: Env): Promise<Response> {
    return DATABASE.get(DATABASE.idFromName(DATABASE_NAME)).fetch(request);
  },
};
