// Entry of a Worker that is Sherd and counts what Sherd asks of D1 and of its drives. Only benchmarks run it: whoever reaches it
// can run any SQL.
import worker from "../../src/index.ts";
import type { Metered } from "./metered-sherd.ts";

const metered: Metered = {
  roundTrips: 0,
  rowsRead: 0,
  rowsWritten: 0,
  drivePuts: 0,
  driveGets: 0,
  driveDeletes: 0,
};

/** Answers of D1 by the statements asked, from when they are to be given again without asking; null before. */
let replayed: Map<string, Promise<D1Result[]>> | null = null;

/** A statement, and what it says. */
class NotedStatement {
  readonly sql: string;
  readonly statement: D1PreparedStatement;

  constructor(sql: string, statement: D1PreparedStatement) {
    this.sql = sql;
    this.statement = statement;
  }

  bind(...values: unknown[]): NotedStatement {
    return new NotedStatement(this.sql, this.statement.bind(...values));
  }
}

/** The two calls of D1 that Sherd makes. */
function meteredDatabase(database: D1Database) {
  const ask = async (statements: readonly NotedStatement[]) => {
    metered.roundTrips += 1;
    const results = await database.batch(statements.map(({ statement }) => statement));
    for (const { meta } of results) {
      metered.rowsRead += meta.rows_read;
      metered.rowsWritten += meta.rows_written;
    }
    return results;
  };
  return {
    prepare: (sql: string) => new NotedStatement(sql, database.prepare(sql)),
    batch: (statements: readonly NotedStatement[]) => {
      if (!replayed) return ask(statements);
      // Whoever replays sends one request again and again: it asks the same.
      const question = statements.map(({ sql }) => sql).join(";");
      const answer = replayed.get(question) ?? ask(statements);
      replayed.set(question, answer);
      return answer;
    },
  };
}

/** A drive is a folder here; what is asked of it is what a bucket would be asked. */
function meteredDrive(drive: Fetcher): Pick<Fetcher, "fetch"> {
  return {
    fetch: (target: RequestInfo | URL, init?: RequestInit) => {
      if (init?.method === "PUT") metered.drivePuts += 1;
      else if (init?.method === "DELETE") metered.driveDeletes += 1;
      else metered.driveGets += 1;
      return drive.fetch(target as RequestInfo, init);
    },
  };
}

type Env = Parameters<typeof worker.fetch>[1] & { DB: D1Database };
let meteredEnv: Env | undefined;

function meter(env: Env): Env {
  const drives = Object.entries(env)
    .filter(([name]) => /^DRIVE_\d+$/.test(name))
    .map(([name, drive]) => [name, meteredDrive(drive as Fetcher)]);
  return { ...env, ...Object.fromEntries(drives), DB: meteredDatabase(env.DB) as unknown as D1Database };
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/bench/cost") return Response.json(metered);
    if (pathname === "/bench/replay") {
      replayed = new Map();
      return new Response(null, { status: 204 });
    }
    if (pathname === "/bench/sql") {
      const { results } = await env.DB.prepare(await request.text()).all();
      return Response.json(results);
    }
    meteredEnv ??= meter(env);
    return worker.fetch(request, meteredEnv, context);
  },
};
