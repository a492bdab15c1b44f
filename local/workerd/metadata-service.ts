import { DurableObject } from "cloudflare:workers";

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
    if (request.method !== "POST" || pathname !== "/query") return new Response(null, { status: 404 });
    const queries = [(await request.json()) as Query | Query[]].flat();
    try {
      return Response.json(this.ctx.storage.transactionSync(() => queries.map((query) => this.#run(query))));
    } catch (error) {
      return Response.json({ success: false, error: error instanceof Error ? error.message : String(error) });
    }
  }

  /**
   * Answers the serving processes. Each has such an object of its own, on the file that the
   * metadata's process writes. Reading statements only, in one transaction.
   */
  read(queries: readonly { sql: string; values: (string | number | null)[] }[]) {
    const { sql: database } = this.ctx.storage;
    const run = ({ sql, values }: (typeof queries)[number]) => {
      const cursor = database.exec(sql, ...values);
      const rows = Array.from(cursor.raw());
      if (cursor.rowsWritten > 0) throw new Error("a statement that was to read has written");
      return { columns: cursor.columnNames, rows, rowsRead: cursor.rowsRead };
    };
    const [first, ...more] = queries;
    if (first && more.length === 0) return [run(first)];
    return this.ctx.storage.transactionSync(() => queries.map(run));
  }

  #run({ sql, params }: Query) {
    const { sql: database } = this.ctx.storage;
    const cursor = database.exec(sql, ...(params ?? []));
    const rows = Array.from(cursor.raw());
    return {
      success: true,
      results: { columns: cursor.columnNames, rows },
      meta: {
        rows_read: cursor.rowsRead,
        rows_written: cursor.rowsWritten,
        changed_db: cursor.rowsWritten > 0,
        size_after: database.databaseSize,
      },
    };
  }
}

export default {
  fetch(request: Request, { DATABASE }: Env): Promise<Response> {
    return DATABASE.get(DATABASE.idFromName(DATABASE_NAME)).fetch(request);
  },
};
