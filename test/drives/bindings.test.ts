import { deepStrictEqual, strictEqual } from "node:assert";
import { describe, test } from "vitest";
import type { DriveFault } from "../../src/drives/drive.ts";
import { KV_SETTLE_MS, KV_VALUE_BYTES_MAX, KvDrive } from "../../src/drives/kv.ts";
import { R2Drive } from "../../src/drives/r2.ts";
import { assertFails, freshKey, pattern } from "./contract.ts";

const traits = { name: "bound", domain: "bound", class: "both", shardBytesMax: 1e9 } as const;

function r2(methods: Record<string, (...parameters: never[]) => unknown>): R2Drive {
  return new R2Drive(traits, methods as unknown as R2Bucket);
}

function kv(methods: Record<string, (...parameters: never[]) => unknown>): KvDrive {
  return new KvDrive(traits, methods as unknown as KVNamespace);
}

function object(range: object | undefined, size: number, bytes = pattern(size)) {
  return { size, range, body: new Response(bytes as Uint8Array<ArrayBuffer>).body };
}

describe("R2 drive", () => {
  test.each([
    ["the whole object for a range", object({ offset: 0, length: 100 }, 100), "refused"],
    ["no word of a range", object(undefined, 100), "refused"],
    ["another offset", object({ offset: 11, length: 20 }, 100), "refused"],
    ["a range clipped at the end", object({ offset: 10, length: 5 }, 15), "short"],
  ] as const)("an answer with %s is not taken", async (_, answer, fault) => {
    const drive = r2({ get: async () => answer });
    await assertFails(drive.get(freshKey(), { offset: 10, length: 20 }), fault);
  });

  test.each([
    ["its offset and length", { offset: 10, length: 20 }],
    ["all fields of the union", { offset: 10, length: 20, suffix: undefined }],
    ["no length, to the end", { offset: 10 }],
    ["a suffix", { suffix: 20 }],
  ])("a range told by %s is understood", async (_, range) => {
    const drive = r2({ get: async () => object(range, 30, pattern(20, 10)) });
    const reader = await drive.get(freshKey(), { offset: 10, length: 20 });
    deepStrictEqual(await reader!.read(20), pattern(20, 10));
  });

  test.each<[string, DriveFault]>([
    ["put: We encountered an internal error. Please try again. (10001)", "unknown"],
    ["put: Please reduce your request rate. (10058)", "throttled"],
    ["put: Service unavailable (10043)", "throttled"],
    ["put: The specified bucket does not exist. (10006)", "refused"],
    ["Network connection lost.", "unknown"],
  ])("an error %s is %s", async (message, fault) => {
    const failing = async () => {
      throw new Error(message);
    };
    const drive = r2({ put: failing, get: failing, head: failing, delete: failing, list: failing });
    await assertFails(drive.put(freshKey(), 0).close(), fault);
    await assertFails(drive.get(freshKey()), fault);
    await assertFails(drive.head(freshKey()), fault);
    await assertFails(drive.delete([freshKey()]), fault);
    await assertFails(drive.list({ limit: 1 }), fault);
  });

  test("a put that stored another size failed", async () => {
    await assertFails(
      r2({ put: async () => ({ size: 4 }) })
        .put(freshKey(), 0)
        .close(),
      "unknown",
    );
    await assertFails(
      r2({ put: async () => null })
        .put(freshKey(), 0)
        .close(),
      "unknown",
    );
  });

  test("list goes by `truncated`, not by how full a page is", async () => {
    const asked: unknown[] = [];
    const pages = [
      { objects: [], truncated: true, cursor: "opaque" },
      { objects: [{ key: "01KAGX-00", size: 9 }], truncated: true, cursor: "opaque-2" },
      { objects: [], truncated: false },
    ];
    const drive = r2({ list: async (options: never) => pages[asked.push(options) - 1] });
    const first = await drive.list({ limit: 5 });
    deepStrictEqual(first, { shards: [{ key: "01KAGX-00", sizeBytes: 9 }], cursor: "01KAGX-00" });
    deepStrictEqual(await drive.list({ limit: 5, cursor: first.cursor! }), { shards: [] });
    deepStrictEqual(asked, [{ limit: 5 }, { limit: 5, cursor: "opaque" }, { limit: 5, startAfter: "01KAGX-00" }]);
  });
});

describe("KV drive", () => {
  test("takes no shard that KV cannot hold, and says how long an absence may be untrue", () => {
    strictEqual(kv({}).shardBytesMax, KV_VALUE_BYTES_MAX);
    strictEqual(kv({}).settleMs, KV_SETTLE_MS);
  });

  test("a put looks at nothing first: the absence found would be cached", async () => {
    const calls: string[] = [];
    const watched = new Proxy({} as KVNamespace, {
      get: (_, name) => async () => {
        calls.push(String(name));
      },
    });
    const writer = new KvDrive(traits, watched).put(freshKey(), 10);
    await writer.write(pattern(10));
    deepStrictEqual(calls, []);
    await writer.close();
    deepStrictEqual(calls, ["put"]);
  });

  test("a value that no drive wrote is not read, and not listed", async () => {
    const drive = kv({
      getWithMetadata: async () => ({ value: new Response("hello").body, metadata: null }),
      list: async () => ({ keys: [{ name: "a" }, { name: "b", metadata: { sizeBytes: 3 } }], list_complete: true }),
    });
    await assertFails(drive.get(freshKey()), "refused");
    await assertFails(drive.head(freshKey()), "refused");
    deepStrictEqual(await drive.list({ limit: 10 }), { shards: [{ key: "b", sizeBytes: 3 }] });
  });

  test("a value shorter than it should be fails the read", async () => {
    const drive = kv({
      getWithMetadata: async () => ({ value: new Response("short").body, metadata: { sizeBytes: 1000 } }),
    });
    await assertFails((await drive.get(freshKey()))!.read(1000), "short");
    await assertFails(drive.get(freshKey(), { offset: 500, length: 10 }), "short");
  });

  test.each<[string, DriveFault]>([
    ["KV PUT failed: 429 Too Many Requests", "throttled"],
    ["KV GET failed: 503 Service Unavailable", "throttled"],
    ["KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400.", "refused"],
    ["KV GET failed: 500 Internal Server Error", "unknown"],
    ["Network connection lost.", "unknown"],
  ])("an error %s is %s", async (message, fault) => {
    const failing = async () => {
      throw new Error(message);
    };
    const drive = kv({ put: failing, getWithMetadata: failing, delete: failing, list: failing });
    await assertFails(drive.put(freshKey(), 0).close(), fault);
    await assertFails(drive.get(freshKey()), fault);
    await assertFails(drive.delete([freshKey()]), fault);
    await assertFails(drive.list({ limit: 1 }), fault);
  });
});
