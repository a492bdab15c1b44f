import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { StartError } from "./start-error.ts";
import type { MetadataClient } from "./workerd/metadata-client.ts";

/**
 * The table by which `wrangler d1 migrations apply` knows what it has applied, column for column: either tool may go on
 * where the other stopped.
 */
const createTable = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

export type MigrationPlan = { kind: "pending"; names: string[] } | { kind: "newer-database"; names: string[] };

/** What is to be done to a database that has `applied` by code that has the files `known`: those left, in order. */
export function planMigrations(known: readonly string[], applied: readonly string[]): MigrationPlan {
  const foreign = applied.filter((name) => !known.includes(name));
  if (foreign.length > 0) return { kind: "newer-database", names: foreign };
  return { kind: "pending", names: known.filter((name) => !applied.includes(name)) };
}

/** Names of the migrations in a folder, in the order in which they apply: by their leading number, then by name. */
export async function listMigrations(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql") && !name.startsWith("."));
  const number = (name: string) => Number.parseInt(name, 10) || 0;
  return names.sort((a, b) => number(a) - number(b) || (a < b ? -1 : 1));
}

/** D1's own client as the one that the launcher speaks. */
export function clientOf(database: D1Database): MetadataClient {
  return {
    async query(statements) {
      const prepared = statements.map(({ sql, params }) => {
        const statement = database.prepare(sql);
        return params.length === 0 ? statement : statement.bind(...params);
      });
      const results = await database.batch<Record<string, string | number | null>>(prepared);
      return results.map((result) => result.results);
    },
  };
}

/**
 * Brings the database up to the migrations of `folder`. Each is one transaction together with its row in `d1_migrations`,
 * so a crash leaves it applied and noted or neither. Returns the names applied now. Throws a StartError where the database
 * is newer than the code, or a migration fails.
 */
export async function applyMigrations(database: D1Database | MetadataClient, folder: string): Promise<string[]> {
  // D1 has a `query` of its own kind.
  const client = "prepare" in database ? clientOf(database) : database;
  await client.query([{ sql: createTable, params: [] }]);
  const [rows = []] = await client.query([{ sql: `SELECT name FROM "d1_migrations" ORDER BY id`, params: [] }]);
  const plan = planMigrations(
    await listMigrations(folder),
    rows.map((row) => String(row.name)),
  );
  if (plan.kind === "newer-database") {
    throw new StartError(
      `the metadata was written by a newer Sherd (its migration ${plan.names.at(-1)} is unknown here): update Sherd`,
    );
  }
  for (const name of plan.names) {
    const sql = await readFile(join(folder, name), "utf8");
    try {
      // The local D1 runs all statements of one text in one transaction, so the file needs no splitting. The note stands in
      // the same text, since a text must not end in a comment.
      const note = `INSERT INTO "d1_migrations" (name) VALUES ('${name.replaceAll("'", "''")}')`;
      await client.query([{ sql: `${sql}\n;${note}`, params: [] }]);
    } catch (error) {
      throw new StartError(`migration ${name} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  return plan.names;
}
