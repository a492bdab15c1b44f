import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../src/auth/access.ts";
import { FIRST_ACCOUNT_ID } from "../../src/metadata/identities/accounts.ts";
import { putInlinePolicy } from "../../src/metadata/identities/entities.ts";
import { deleteKey } from "../../src/metadata/identities/keys.ts";
import { createBucket, headBucket, listBuckets } from "../../src/store/buckets/buckets.ts";
import { DATABASE_BYTES_MAX } from "../../src/store/buckets/choose-database.ts";
import { storeOf } from "../../src/store/buckets/databases.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { guardedStore } from "../../src/store/guarded-store.ts";
import { listObjects } from "../../src/store/read/list.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { putObject } from "../../src/store/write/write.ts";
import { DatabasesRig } from "../support/databases.ts";
import { allowing, People, type Person } from "../support/people.ts";
import { bodyOf, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

const INLINE = pattern(4096, 1);
const SMALL = pattern(200_000, 2);
const bucket = "guarded";
const facts = { context: () => undefined, now: () => Date.now() };
const page = { bucket, after: { key: "", skipPrefix: false }, prefix: "", delimiter: "", limit: 100 };

async function callerOf(people: People, { accessKeyId }: Person): Promise<Caller> {
  const found = await people.keys.ring.find(accessKeyId, undefined);
  if (found.kind !== "key") throw new Error(found.kind);
  return found.caller(facts);
}

/** Every kind of call that an operation makes of the store. */
const calls: [name: string, call: (store: StoreContext) => Promise<unknown>][] = [
  ["PutObject, inline", (store) => putObject(store, put(bucket, "inline", INLINE))],
  ["PutObject, on drives", (store) => putObject(store, put(bucket, "small", SMALL))],
  ["HeadObject", (store) => headObject(store, { bucket, key: "inline" })],
  [
    "GetObject",
    async (store) => {
      const { head, read } = await openObject(store, { bucket, key: "small" });
      return readAll(await read({ offset: 0, length: head.sizeBytes }));
    },
  ],
  ["ListObjectsV2", (store) => listObjects(store, page)],
  [
    "CopyObject",
    (store) => {
      const copy = { source: { bucket, key: "small" }, bucket, key: "copy", check: () => {}, storageClass: "STANDARD" };
      return copyObject(store, { ...copy, attributes: "copy" });
    },
  ],
  ["HeadBucket", (store) => headBucket(store, bucket)],
  ["ListBuckets", (store) => listBuckets(store, { owner: "root", prefix: "", after: "", limit: 10 })],
  ["DeleteObject", (store) => deleteObject(store, { bucket, key: "copy" })],
  ["DeleteObjects", (store) => deleteObjects(store, { bucket, deletions: [{ key: "inline" }, { key: "small" }] })],
];

describe("what a guard costs", () => {
  let rig: TestStore;
  let people: People;
  beforeAll(async () => {
    rig = await openTestStore({ countsRows: true });
    people = new People(rig.store);
    await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
    await putObject(rig.store, put(bucket, "first", INLINE));
  });
  afterAll(() => rig.dispose());

  it("is no round trip and a row read for each, and nothing written", { tags: ["slow"] }, async () => {
    const person = await people.user();
    await callerOf(people, person);
    for (const [name, call] of calls) {
      // Both replace what is there.
      if (name.startsWith("PutObject") || name === "CopyObject") await call(rig.store);
      rig.takeCost();
      await call(rig.store);
      const bare = rig.takeCost();
      // What it deletes is put back, so that both find the same.
      if (name === "DeleteObject") await calls[5]?.[1](rig.store);
      if (name === "DeleteObjects") for (const [, again] of calls.slice(0, 2)) await again(rig.store);
      const caller = await callerOf(people, person);
      rig.takeCost();
      await call(guardedStore(rig.store, caller.guard));
      const guarded = rig.takeCost();
      expect([name, guarded.roundTrips]).toEqual([name, bare.roundTrips]);
      expect(guarded.rowsRead - bare.rowsRead).toBeLessThanOrEqual(2 * bare.roundTrips);
      expect(guarded.rowsWritten).toBeLessThanOrEqual(bare.rowsWritten);
    }
  });

  it("is nothing for the Worker's own key", async () => {
    const found = await people.keys.ring.find("ROOTKEY", undefined);
    if (found.kind !== "key") throw new Error(found.kind);
    rig.takeCost();
    expect(guardedStore(rig.store, found.caller(facts).guard)).toBe(rig.store);
    expect(rig.takeCost().roundTrips).toBe(0);
  });
});

describe("a key that is taken away", () => {
  let rig: TestStore;
  let people: People;
  beforeEach(async () => {
    rig = await openTestStore();
    people = new People(rig.store);
    await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
    for (const key of ["inline", "small"])
      await putObject(rig.store, put(bucket, key, key === "small" ? SMALL : INLINE));
  });

  it.each(calls)("does nothing more: %s", { tags: ["slow"] }, async (_, call) => {
    const person = await people.user();
    const caller = await callerOf(people, person);
    await people.change(FIRST_ACCOUNT_ID, deleteKey(person.accessKeyId));
    const before = await listObjects(rig.store, page);
    await expect(call(guardedStore(rig.store, caller.guard))).rejects.toMatchObject({
      failure: { kind: "unknownKey", accessKeyId: person.accessKeyId },
    });
    expect(await listObjects(rig.store, page)).toEqual(before);
    await rig.dispose();
  });

  it.each([
    ["inline", INLINE],
    ["on drives", SMALL],
  ])("during an upload does not commit it (%s)", { tags: ["slow"] }, async (_, bytes) => {
    const person = await people.user();
    const caller = await callerOf(people, person);
    caller.demand([
      { action: "s3:PutObject", resource: `arn:aws:s3:::${bucket}/new`, resourceAccountId: FIRST_ACCOUNT_ID },
    ]);
    const body = bodyOf(bytes);
    const next = async () => {
      const piece = await body.next();
      // The last bytes are there when the permission goes.
      if (piece === null || body.sizeBytes === piece.length) {
        const document = allowing("s3:GetObject");
        await people.change(FIRST_ACCOUNT_ID, putInlinePolicy(person.id, { name: "inline", document }));
      }
      return piece;
    };
    const revoking = { ...put(bucket, "new", bytes), body: { ...body, next } };
    await expect(putObject(guardedStore(rig.store, caller.guard), revoking)).rejects.toMatchObject({
      name: "AccessRefused",
      ask: { action: "s3:PutObject" },
    });
    await expect(headObject(rig.store, { bucket, key: "new" })).rejects.toMatchObject({
      failure: { kind: "no-such-key" },
    });
    await rig.dispose();
  });

  it("and given again in other words goes on: the batch is tried with the new epoch", async () => {
    const person = await people.user();
    const caller = await callerOf(people, person);
    caller.demand([
      { action: "s3:PutObject", resource: `arn:aws:s3:::${bucket}/new`, resourceAccountId: FIRST_ACCOUNT_ID },
    ]);
    await people.change(
      FIRST_ACCOUNT_ID,
      putInlinePolicy(person.id, { name: "inline", document: allowing("s3:Put*") }),
    );
    rig.takeCost();
    await putObject(guardedStore(rig.store, caller.guard), put(bucket, "new", INLINE));
    // The batch that fails, the identity, the batch that holds.
    expect(rig.takeCost().roundTrips).toBe(3);
    expect((await headObject(rig.store, { bucket, key: "new" })).sizeBytes).toBe(INLINE.length);
    await rig.dispose();
  });
});

describe("a bucket in another database", () => {
  const NAMES = ["DB", "DB_2"];
  let rig: DatabasesRig;
  let store: StoreContext;
  let people: People;
  beforeAll(async () => {
    rig = await DatabasesRig.open(NAMES);
    store = rig.isolate(NAMES);
    people = new People(store);
    rig.sizesBytes.set("DB", DATABASE_BYTES_MAX);
    await createBucket(store, { name: bucket, owner: "root", region: "us-east-1" });
    await putObject(await storeOf(store, bucket), put(bucket, "key", INLINE));
    await storeOf(store, bucket);
  });
  afterAll(() => rig.dispose());

  it("is read beside the epoch, not after it", async () => {
    const person = await people.user();
    await callerOf(people, person);
    const caller = await callerOf(people, person);
    const waves: string[][] = [];
    let open = 0;
    rig.plan = (database) => {
      if (open === 0) waves.push([]);
      waves.at(-1)?.push(database);
      open += 1;
      queueMicrotask(() => {
        open = 0;
      });
      return null;
    };
    await headObject(await storeOf(guardedStore(store, caller.guard), bucket), { bucket, key: "key" });
    rig.plan = () => null;
    expect(waves.flat().sort()).toEqual(["DB", "DB_2"]);
    expect(waves).toHaveLength(1);
  });

  it("gives and takes nothing once the key is gone", async () => {
    const person = await people.user();
    const reader = await callerOf(people, person);
    const writer = await callerOf(people, person);
    await people.change(FIRST_ACCOUNT_ID, deleteKey(person.accessKeyId));
    const seen = async (caller: Caller) => storeOf(guardedStore(store, caller.guard), bucket);
    const failure = { failure: { kind: "unknownKey" } };
    await expect(headObject(await seen(reader), { bucket, key: "key" })).rejects.toMatchObject(failure);
    await expect(putObject(await seen(writer), put(bucket, "key", SMALL))).rejects.toMatchObject(failure);
    expect((await headObject(await storeOf(store, bucket), { bucket, key: "key" })).sizeBytes).toBe(INLINE.length);
  });
});
