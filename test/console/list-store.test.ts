import { describe, expect, test } from "vitest";
import type { Entry, Page } from "../../console/src/aws/s3/list.ts";
import { ListStore, type Sort } from "../../console/src/objects/list/list-store.ts";

const PAGE = 10;
const BY_KEY: Sort = { column: "key", isDescending: false };

function entry(index: number, facts: Partial<Entry> = {}): Entry {
  const key = String(index).padStart(6, "0");
  return { kind: "object", key, sizeBytes: index, modifiedMs: 0, storageClass: "STANDARD", etag: "", ...facts };
}

/** A listing of so many rows, whose tokens are numbers. While `state.fails` nothing answers. */
function listing(rows: number, sort = BY_KEY) {
  const state = { fails: false, asked: [] as (string | null)[] };
  const fetchPage = async (from: string | null): Promise<Page> => {
    state.asked.push(from);
    if (state.fails) throw new Error("no answer");
    const start = Number(from ?? 0);
    const end = Math.min(start + PAGE, rows);
    const entries = Array.from({ length: end - start }, (_, index) => entry(start + index));
    return { entries, next: end < rows ? String(end) : null };
  };
  return { state, store: new ListStore(fetchPage, sort) };
}

async function loadAll(store: ListStore): Promise<void> {
  while (!store.isComplete) await store.loadMore();
}

/** What has been asked for has been answered. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a listing in memory", () => {
  test("has each row at its number, page after page", async () => {
    const { store, state } = listing(35);
    expect([store.count, store.isComplete, store.row(0)]).toEqual([0, false, null]);
    await loadAll(store);
    expect([store.count, store.pageCount, state.asked]).toEqual([35, 4, [null, "10", "20", "30"]]);
    expect([0, 9, 10, 34].map((row) => store.row(row)?.sizeBytes)).toEqual([0, 9, 10, 34]);
    expect(store.row(35)).toBeNull();
    await store.loadMore();
    expect(state.asked.length).toBe(4);
  });

  test("asks for a page once, however often it is wanted meanwhile", async () => {
    const { store, state } = listing(100);
    await Promise.all([store.loadMore(), store.loadMore(), store.loadMore()]);
    expect(state.asked).toEqual([null]);
  });

  test("drops pages that nobody looks at, and brings them back", async () => {
    const { store, state } = listing(1_000);
    await loadAll(store);
    state.asked.length = 0;
    expect(store.row(5)).toBeNull();
    expect(store.row(6)).toBeNull();
    await settled();
    expect([store.row(5)?.sizeBytes, state.asked]).toEqual([5, [null]]);
  });

  test("does not ask again and again for a page that fails: only after a retry", async () => {
    const { store, state } = listing(1_000);
    await loadAll(store);
    state.asked.length = 0;
    state.fails = true;
    // Whoever draws is told of each change, and draws again.
    let draws = 0;
    store.subscribe(() => {
      draws += 1;
      if (draws < 20) store.row(5);
    });
    store.row(5);
    for (let turns = 0; turns < 20; turns++) await settled();
    expect([state.asked, draws]).toEqual([[null], 1]);
    expect(store.error).toBeInstanceOf(Error);
    state.fails = false;
    await store.retry();
    await settled();
    expect([store.error, store.row(5)?.sizeBytes]).toEqual([null, 5]);
  });

  test("stops after a failure of the next page, and goes on after a retry", async () => {
    const { store, state } = listing(20);
    await store.loadMore();
    state.fails = true;
    await store.loadMore();
    await store.loadMore();
    expect([state.asked, store.count]).toEqual([[null, "10"], 10]);
    state.fails = false;
    await store.retry();
    expect([store.count, store.isComplete]).toEqual([20, true]);
  });

  test("is sorted page by page, with prefixes first", async () => {
    const rows = [entry(1, { sizeBytes: 5 }), entry(2, { kind: "prefix" }), entry(3, { sizeBytes: 9 })];
    const keys = async (sort: Sort) => {
      const store = new ListStore(async () => ({ entries: rows, next: null }), sort);
      await store.loadMore();
      return [0, 1, 2].map((row) => Number(store.row(row)?.key));
    };
    expect(await keys(BY_KEY)).toEqual([1, 2, 3]);
    expect(await keys({ column: "key", isDescending: true })).toEqual([3, 2, 1]);
    expect(await keys({ column: "sizeBytes", isDescending: false })).toEqual([2, 1, 3]);
    expect(await keys({ column: "sizeBytes", isDescending: true })).toEqual([2, 3, 1]);
  });

  test("keeps its numbers when rows are gone by the time a page comes back", async () => {
    let isShort = false;
    const store = new ListStore(async (from) => {
      const start = Number(from ?? 0);
      const count = isShort && start === 0 ? 3 : PAGE;
      return {
        entries: Array.from({ length: count }, (_, index) => entry(start + index)),
        next: start + PAGE < 500 ? String(start + PAGE) : null,
      };
    }, BY_KEY);
    await loadAll(store);
    isShort = true;
    store.row(0);
    await settled();
    expect([0, 2, 3].map((row) => store.row(row)?.sizeBytes)).toEqual([0, 2, undefined]);
    store.row(10);
    await settled();
    expect(store.row(10)?.sizeBytes).toBe(10);
  });
});
