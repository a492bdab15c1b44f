import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBucket, deleteBucket, headBucket, listBuckets } from "../../src/store/buckets/buckets.ts";
import { DATABASE_BYTES_MAX } from "../../src/store/buckets/choose-database.ts";
import { storeOf } from "../../src/store/buckets/databases.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { DatabasesRig } from "../support/databases.ts";
import { pattern, put, readAll } from "../support/store.ts";

const NAMES = ["DB", "DB_2", "DB_3"];
const FULL = DATABASE_BYTES_MAX;

let rig: DatabasesRig;
beforeEach(async () => {
  rig = await DatabasesRig.open(NAMES);
});
afterEach(() => rig.dispose());

/** Makes a bucket in `database`, which alone has room. */
async function createIn(store: StoreContext, database: string, name: string): Promise<void> {
  for (const other of NAMES) rig.sizesBytes.set(other, other === database ? 0 : FULL);
  await createBucket(store, { name, owner: "owner", region: "us-east-1" });
}

const databaseOf = async (store: StoreContext, bucket: string) => (await storeOf(store, bucket)).metadata.identity.name;
const names = async (store: StoreContext, page: { prefix?: string; after?: string; limit?: number } = {}) => {
  const listed = await listBuckets(store, { owner: "owner", prefix: "", after: "", limit: 1000, ...page });
  return { names: listed.buckets.map(({ name }) => name), truncated: listed.truncated };
};

describe("a bucket", () => {
  it("is made where there is room, and found by every isolate", { tags: ["slow"] }, async () => {
    const store = rig.isolate(NAMES);
    for (const database of NAMES) await createIn(store, database, `in-${database.toLowerCase().replace("_", "-")}`);
    for (const isolate of [store, rig.isolate(NAMES)]) {
      expect(await databaseOf(isolate, "in-db")).toBe("DB");
      expect(await databaseOf(isolate, "in-db-2")).toBe("DB_2");
      expect(await databaseOf(isolate, "in-db-3")).toBe("DB_3");
    }
  });

  it("costs one round trip to the first database the first time, and none from then on", async () => {
    await createIn(rig.isolate(NAMES), "DB_2", "bucket");
    const store = rig.isolate(NAMES);
    const head = async () => headBucket(await storeOf(store, "bucket"), "bucket");
    expect(await rig.batchesOf(head)).toEqual({ DB: 1, DB_2: 1 });
    expect(await rig.batchesOf(head)).toEqual({ DB_2: 1 });
  });

  it("is forgotten when ten thousand others were asked for since, and no memory grows", {
    tags: ["slow"],
  }, async () => {
    const count = 10_001;
    const numbers = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})`;
    const insert = `INSERT INTO placements (bucket, database) ${numbers} SELECT 'bucket-' || n, 'DB_2' FROM n`;
    await rig.d1("DB").batch([rig.d1("DB").prepare(insert).bind()]);
    const store = rig.isolate(NAMES);
    for (let n = 1; n < count; n++) await storeOf(store, `bucket-${n}`);
    expect(await rig.batchesOf(() => storeOf(store, "bucket-1"))).toEqual({});
    expect(await rig.batchesOf(() => storeOf(store, `bucket-${count}`))).toEqual({ DB: 1 });
    expect(await rig.batchesOf(() => storeOf(store, "bucket-1"))).toEqual({});
    expect(await rig.batchesOf(() => storeOf(store, "bucket-2"))).toEqual({ DB: 1 });
  });

  it("that nobody made is not remembered as absent", { tags: ["slow"] }, async () => {
    const store = rig.isolate(NAMES);
    const head = async () => headBucket(await storeOf(store, "later"), "later");
    await expect(head()).rejects.toMatchObject({ failure: { kind: "no-such-bucket" } });
    await createIn(rig.isolate(NAMES), "DB_3", "later");
    expect(await head()).toMatchObject({ name: "later" });
  });

  it("costs nothing more where there is one database", { tags: ["slow"] }, async () => {
    const store = rig.isolate(["DB"]);
    const make = () => createBucket(store, { name: "bucket", owner: "owner", region: "us-east-1" });
    expect(await rig.batchesOf(make)).toEqual({ DB: 1 });
    expect(await rig.batchesOf(async () => headBucket(await storeOf(store, "bucket"), "bucket"))).toEqual({ DB: 1 });
    expect(await rig.batchesOf(() => deleteBucket(store, "bucket"))).toEqual({ DB: 1 });
  });

  it("keeps its name's database when it is deleted and made again: what isolates remember stays true", async () => {
    const store = rig.isolate(NAMES);
    const other = rig.isolate(NAMES);
    await createIn(store, "DB_2", "bucket");
    expect(await databaseOf(other, "bucket")).toBe("DB_2");
    await deleteBucket(await storeOf(store, "bucket"), "bucket");
    expect(await rig.batchesOf(() => createIn(store, "DB_3", "bucket"))).toEqual({ DB: 1, DB_2: 1 });
    for (const isolate of [store, other, rig.isolate(NAMES)]) expect(await databaseOf(isolate, "bucket")).toBe("DB_2");
  });

  it("that is there since there was one database stays in it, deleted and made again", async () => {
    await createBucket(rig.isolate(["DB"]), { name: "old", owner: "owner", region: "us-east-1" });
    const store = rig.isolate(NAMES);
    const other = rig.isolate(NAMES);
    expect(await databaseOf(other, "old")).toBe("DB");
    await deleteBucket(await storeOf(store, "old"), "old");
    await createIn(store, "DB_3", "old");
    for (const isolate of [store, other, rig.isolate(NAMES)]) expect(await databaseOf(isolate, "old")).toBe("DB");
    expect(await headBucket(await storeOf(other, "old"), "old")).toMatchObject({ name: "old" });
  });

  it("is made once, however many isolates try at the same time", { tags: ["slow"] }, async () => {
    const isolates = Array.from({ length: 8 }, () => rig.isolate(NAMES));
    const make = (store: StoreContext) => createBucket(store, { name: "bucket", owner: "owner", region: "us-east-1" });
    const outcomes = await Promise.allSettled(isolates.map(make));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.failure] : []));
    expect(failures).toEqual(failures.map(() => ({ kind: "bucket-exists", bucket: "bucket", ownedByCaller: true })));
    expect(await names(isolates[0]!)).toEqual({ names: ["bucket"], truncated: false });
    expect(new Set(await Promise.all(isolates.map((store) => databaseOf(store, "bucket")))).size).toBe(1);
  });

  it("can be made after each call to a database that fails while it is made, whether or not it took effect", {
    tags: ["slow"],
  }, async () => {
    for (const fault of ["fail", "fail-after"] as const) {
      for (let failing = 1; ; failing++) {
        const name = `${fault}-${failing}`;
        let call = 0;
        rig.plan = () => (++call === failing ? fault : null);
        const made = createIn(rig.isolate(NAMES), "DB_2", name).then(
          () => true,
          () => false,
        );
        const isDone = await made;
        rig.plan = () => null;
        const store = rig.isolate(NAMES);
        if (!isDone)
          await createIn(store, "DB_3", name).catch((error) => expect(error.failure.kind).toBe("bucket-exists"));
        expect((await names(store, { prefix: name })).names).toEqual([name]);
        expect(await headBucket(await storeOf(store, name), name)).toMatchObject({ name });
        if (isDone) break;
        expect(failing).toBeLessThan(10);
      }
    }
  });

  it("that the directory has forgotten is found again by whoever makes it", async () => {
    await createIn(rig.isolate(NAMES), "DB_2", "bucket");
    // As when the first database was restored to an earlier time.
    await rig.d1("DB").batch([rig.d1("DB").prepare("DELETE FROM placements").bind()]);
    const store = rig.isolate(NAMES);
    await expect(createIn(store, "DB_3", "bucket")).rejects.toMatchObject({ failure: { ownedByCaller: true } });
    for (const isolate of [store, rig.isolate(NAMES)]) expect(await databaseOf(isolate, "bucket")).toBe("DB_2");
    expect(await names(store)).toEqual({ names: ["bucket"], truncated: false });
  });

  it("of another database cannot be made again by a configuration that has lost that one", async () => {
    await createIn(rig.isolate(NAMES), "DB_3", "bucket");
    const make = createBucket(rig.isolate(["DB"]), { name: "bucket", owner: "owner", region: "us-east-1" });
    await expect(make).rejects.toMatchObject({ failure: { kind: "bucket-exists", ownedByCaller: false } });
    const store = rig.isolate(["DB", "DB_2"]);
    await expect(storeOf(store, "bucket")).rejects.toMatchObject({
      failure: { kind: "metadata-unavailable" },
      cause: { message: "bucket bucket lies in database DB_3, which SHERD_DATABASES does not name" },
    });
  });

  it("is not made in a database that is bound to another's name", { tags: ["slow"] }, async () => {
    await createIn(rig.isolate(NAMES), "DB_2", "second");
    await createIn(rig.isolate(NAMES), "DB_3", "third");
    const swapped = rig.isolate(NAMES, { bound: ["DB", "DB_3", "DB_2"] });
    await expect(createIn(swapped, "DB_2", "bucket")).rejects.toMatchObject({
      failure: { kind: "metadata-unavailable" },
      cause: { guard: "wrong_database" },
    });
  });

  it("has objects like any other", { tags: ["slow"] }, async () => {
    const store = rig.isolate(NAMES);
    await createIn(store, "DB_2", "bucket");
    const sizes = [10, 100_000, 3_000_000];
    for (const size of sizes) {
      await putObject(await storeOf(store, "bucket"), put("bucket", `${size}`, pattern(size)));
    }
    for (const size of sizes) {
      const opened = await openObject(await storeOf(rig.isolate(NAMES), "bucket"), {
        bucket: "bucket",
        key: `${size}`,
      });
      expect(await readAll(await opened.read({ offset: 0, length: size }))).toEqual(pattern(size));
    }
    for (const drive of rig.drives) {
      expect([...drive.shards.keys()].filter((key) => !key.startsWith("z-DB_2-"))).toEqual([]);
    }
  });
});

describe("the list of buckets", () => {
  it("is one list over all databases, in order, page by page", { tags: ["slow"] }, async () => {
    const store = rig.isolate(NAMES);
    const made = ["b", "a.1", "a", "d-1", "c", "d", "a-1"];
    for (const [index, name] of made.entries()) await createIn(store, NAMES[index % 3]!, `bucket-${name}`);
    const all = made.map((name) => `bucket-${name}`).sort();
    expect(await names(store)).toEqual({ names: all, truncated: false });
    for (const limit of [1, 2, 3, 7]) {
      const seen: string[] = [];
      for (let truncated = true; truncated; ) {
        const page = await names(store, { limit, after: seen.at(-1) ?? "" });
        expect(page.names.length).toBeLessThanOrEqual(limit);
        seen.push(...page.names);
        truncated = page.truncated;
      }
      expect(seen).toEqual(all);
    }
    expect((await names(store, { prefix: "bucket-d" })).names).toEqual(["bucket-d", "bucket-d-1"]);
  });

  it("costs one round trip to each database", async () => {
    const store = rig.isolate(NAMES);
    expect(await rig.batchesOf(() => names(store))).toEqual({ DB: 1, DB_2: 1, DB_3: 1 });
  });
});
