import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { StartError } from "./start-error.ts";
import type { MetadataClient } from "./workerd/metadata-client.ts";

/**
 * The table in which `wrangler d1 migrations apply` records applied migrations, column for column.
 * Either tool can continue the other's work.
 */
const createTable = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

export type MigrationPlan = { kind: "pending"; names: string[] } | { kind: "newer-database"; names: string[] };

/**
 * The migrations still to apply, in order, to a database that has `applied`; the code has the files
 * `known`.
 */
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

/** D1's own client, for the launcher's connection. */
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
 * Applies the missing migrations of `folder`. Each is one transaction together with its row in
 * `d1_migrations`: after a crash it is applied and recorded, or neither. Returns the names of those
 * applied now. Throws a StartError if the database is newer than the code, or a migration fails.
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
      // The local D1 runs all statements of one text in one transaction, so the file needs no
      // splitting. The row's statement is part of the text, and comes last, because a text must not
      // end in a comment.
      const note = `INSERT INTO "d1_migrations" (name) VALUES ('${name.replaceAll("'", "''")}')`;
      await client.query([{ sql: `${sql}\n;${note}`, params: [] }]);
    } catch (error) {
      throw new StartError(`migration ${name} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  return plan.names;
}
