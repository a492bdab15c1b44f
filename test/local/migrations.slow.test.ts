import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applyMigrations, listMigrations, planMigrations } from "../../local/migrations.ts";
import { withDatabase } from "../../local/runtime.ts";

test("what is applied is left out and the rest keeps its order", () => {
  expect(planMigrations(["1.sql", "2.sql", "3.sql"], ["1.sql"])).toEqual({
    kind: "pending",
    names: ["2.sql", "3.sql"],
  });
  expect(planMigrations(["1.sql"], ["1.sql"])).toEqual({ kind: "pending", names: [] });
});

test("an applied migration that the code does not have means a newer database", () => {
  expect(planMigrations(["1.sql"], ["1.sql", "2.sql"])).toEqual({ kind: "newer-database", names: ["2.sql"] });
});

describe("on a local D1", () => {
  let parent: string;
  let folder: string;
  let count = 0;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), "sherd-test-"));
  });
  afterAll(() => rm(parent, { recursive: true }));
  beforeEach(async () => {
    folder = join(parent, `migrations-${++count}`);
    await mkdir(folder);
  });

  const inDatabase = <T>(use: (database: D1Database) => Promise<T>) =>
    withDatabase(join(parent, `metadata-${count}`), use);
  const write = (name: string, sql: string) => writeFile(join(folder, name), sql);

  test("files apply once, in the order of their numbers, statements with inner semicolons included", async () => {
    await write("10_second.sql", "INSERT INTO a VALUES ('second; of two'); -- ends; here\n");
    await write(
      "9_first.sql",
      "CREATE TABLE a (x);\nCREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; SELECT 1; END;",
    );
    await write("README.md", "not SQL");
    expect(await listMigrations(folder)).toEqual(["9_first.sql", "10_second.sql"]);
    await inDatabase(async (database) => {
      expect(await applyMigrations(database, folder)).toEqual(["9_first.sql", "10_second.sql"]);
      expect(await applyMigrations(database, folder)).toEqual([]);
      const { results } = await database.prepare("SELECT name FROM d1_migrations ORDER BY id").all();
      expect(results).toEqual([{ name: "9_first.sql" }, { name: "10_second.sql" }]);
    });
  });

  test("one that fails leaves nothing of itself and can be tried again", async () => {
    await write("1.sql", "CREATE TABLE a (x);");
    await write("2.sql", "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);");
    await inDatabase(async (database) => {
      await expect(applyMigrations(database, folder)).rejects.toThrow(/migration 2\.sql failed: .*nowhere/);
      await write("2.sql", "CREATE TABLE b (x);");
      expect(await applyMigrations(database, folder)).toEqual(["2.sql"]);
    });
  });

  test("a newer database is refused by the name of its migration", async () => {
    await write("1.sql", "CREATE TABLE a (x);");
    await write("2.sql", "CREATE TABLE b (x);");
    await inDatabase((database) => applyMigrations(database, folder));
    await rm(join(folder, "2.sql"));
    await inDatabase(async (database) => {
      await expect(applyMigrations(database, folder)).rejects.toThrow(/newer Sherd.*2\.sql/);
    });
  });
}, 60_000);
