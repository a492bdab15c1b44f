import { describe, expect, test } from "vitest";
import { BoundDatabase, type Cost, type Statement } from "../../src/metadata/database.ts";
import { isRead, type LocalReads } from "../../src/metadata/local-reads.ts";
import { SqliteD1 } from "../support/sqlite-d1.ts";

const statement = (sql: string): Statement => ({ sql, values: [] });

describe("what reads", () => {
  test.each([
    "SELECT 1",
    "  select a FROM t",
    "WITH RECURSIVE p AS (SELECT 1) SELECT * FROM p",
    "SELECT replace(a, 'x', 'y') FROM t",
  ])("%s", (sql) => expect(isRead(statement(sql))).toBe(true));
  test.each([
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1 RETURNING a",
    "WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one",
    "WITH one AS (SELECT 1)\nDELETE FROM t",
    "WITH one AS (SELECT 1) UPDATE t SET a = 1",
    "WITH one AS (SELECT 1) REPLACE INTO t SELECT * FROM one",
    "PRAGMA user_version = 3",
    "VACUUM",
  ])("and what does not: %s", (sql) => expect(isRead(statement(sql))).toBe(false));
});

describe("a database whose file can be read in this process", () => {
  async function open(read: LocalReads["read"]) {
    const d1 = new SqliteD1([]);
    const cost: Cost = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 };
    const observe = (more: Cost) => {
      cost.roundTrips += more.roundTrips;
      cost.rowsRead += more.rowsRead;
    };
    const database = new BoundDatabase(d1 as unknown as D1Database, observe, { reads: { read } });
    return { database, cost };
  }

  test("is read there, and counted as a round trip", async () => {
    const { database, cost } = await open(async () => [{ columns: ["a", "b"], rows: [[1, "x"]], rowsRead: 7 }]);
    expect(await database.all("SELECT 2 AS a")).toEqual([{ a: 1, b: "x" }]);
    expect(cost).toMatchObject({ roundTrips: 1, rowsRead: 7 });
  });

  test("is asked by its binding as soon as one statement writes", async () => {
    const { database } = await open(() => Promise.reject(new Error("asked for a write")));
    await database.batch([statement("CREATE TABLE t (a)"), statement("INSERT INTO t VALUES (5)")]);
    const [, rows] = await database.batch<[unknown, { a: number }]>([
      statement("INSERT INTO t VALUES (6)"),
      statement("SELECT a FROM t ORDER BY a"),
    ]);
    expect(rows).toEqual([{ a: 5 }, { a: 6 }]);
  });

  test("is asked by its binding if the file cannot be read", async () => {
    const { database, cost } = await open(() => Promise.reject(new Error("SQLITE_BUSY")));
    expect(await database.all("SELECT 3 AS a")).toEqual([{ a: 3 }]);
    expect(cost.roundTrips).toBe(1);
  });
});
