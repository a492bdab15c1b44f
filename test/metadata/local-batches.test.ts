import { describe, expect, it } from "vitest";
import { BoundDatabase, type Cost, GuardError, MetadataUnavailable, TakenError } from "../../src/metadata/database.ts";
import { type LocalAnswer, type LocalBatch, localBatches } from "../../src/metadata/local-batches.ts";

/** A database whose process answers so, and what it was asked. */
function open(answer: (asked: LocalBatch) => LocalAnswer | Response) {
  const asked: LocalBatch[] = [];
  const costs: Cost[] = [];
  const binding = {
    async fetch(_: string, { body }: { body: string }) {
      const batch = JSON.parse(body) as LocalBatch;
      asked.push(batch);
      const answered = answer(batch);
      return answered instanceof Response ? answered : Response.json(answered);
    },
  };
  const d1 = {} as D1Database;
  const database = new BoundDatabase(d1, (cost) => costs.push(cost), { batches: localBatches(binding) });
  return { database, asked, costs };
}

const nothing = { columns: [], rows: [], rowsRead: 0, rowsWritten: 0 };

describe("a batch for the process that has the database", () => {
  it("has each text once, and its answer names the columns", async () => {
    const { database, asked, costs } = open(() => ({
      results: [
        { columns: ["a", "b"], rows: [[1, "x"]], rowsRead: 2, rowsWritten: 1 },
        { ...nothing, rowsWritten: 1 },
        { columns: ["id"], rows: [[7], [8]], rowsRead: 0, rowsWritten: 3 },
      ],
      sizeBytes: 4096,
    }));
    const take = "UPDATE t SET a = ?1 RETURNING a, b";
    const rows = await database.batch([
      { sql: take, values: [1] },
      { sql: take, values: ["2"] },
      { sql: "INSERT INTO outbox DEFAULT VALUES RETURNING id", values: [], isNews: true },
    ]);
    expect(rows).toEqual([[{ a: 1, b: "x" }], [], [{ id: 7 }, { id: 8 }]]);
    expect(asked).toEqual([
      {
        texts: [take, "INSERT INTO outbox DEFAULT VALUES RETURNING id"],
        calls: [
          [0, [1]],
          [0, ["2"]],
          [1, []],
        ],
      },
    ]);
    expect(costs).toEqual([{ roundTrips: 1, rowsRead: 2, rowsWritten: 5, news: 2 }]);
    expect(database.sizeBytes).toBe(4096);
  });

  it("leaves no body unread of an answer that is none", async () => {
    let isCancelled = false;
    const body = new ReadableStream({
      cancel: () => {
        isCancelled = true;
      },
    });
    const { database } = open(() => new Response(body, { status: 500 }));
    await expect(database.batch([{ sql: "DELETE FROM t", values: [] }])).rejects.toThrow("answered 500");
    expect(isCancelled).toBe(true);
  });

  it.each([
    ["CHECK constraint failed: queue_changed: SQLITE_CONSTRAINT", GuardError],
    ["UNIQUE constraint failed: buckets.name: SQLITE_CONSTRAINT", TakenError],
    ["database is locked: SQLITE_BUSY", MetadataUnavailable],
    ["no such table: t: SQLITE_ERROR", Error],
  ])("fails as at the binding: %s", async (error, type) => {
    const { database, costs } = open(() => ({ error }));
    await expect(database.all("SELECT 1")).rejects.toBeInstanceOf(type);
    expect(costs).toEqual([{ roundTrips: 1, rowsRead: 0, rowsWritten: 0 }]);
  });

  it("is not known to be applied if the process does not answer", async () => {
    const { database } = open(() => new Response("", { status: 503 }));
    await expect(database.all("DELETE FROM t")).rejects.toBeInstanceOf(MetadataUnavailable);
  });

  it.each([[undefined], [null], ["text"], [{}]])("needs a binding: %j is none", (binding) => {
    expect(localBatches(binding)).toBeNull();
  });
});
