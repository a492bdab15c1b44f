import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { listObjects } from "../../src/store/read/list.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import { appendObject } from "../../src/store/write/append.ts";
import { blobBytesMax } from "../../src/store/write/blob-layouts.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { renameObject } from "../../src/store/write/rename.ts";
import { putObject } from "../../src/store/write/write.ts";
import type { DriveCall } from "../support/faulty.ts";
import { withFaults } from "../support/faulty.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

// The cost budget of the design: counts, so the same on every machine. They are what a user waits for and pays.

const INLINE = pattern(4096, 1);
const SMALL = pattern(200_000, 2);
const LARGE = pattern(5_000_000, 3);
const bucket = "costs";

let test: TestStore;
let calls: DriveCall[] = [];
const started = () => calls.filter(({ kind }) => kind === "close" || kind === "get").length;

beforeAll(async () => {
  const decorateDrive = (drive: Parameters<typeof withFaults>[0]) =>
    withFaults(drive, (call) => {
      calls.push(call);
      return null;
    });
  test = await openTestStore({ countsRows: true, decorateDrive, settings: { partBytesMin: 1 } });
  await createBucket(test.store, { name: bucket, owner: "root", region: "us-east-1" });
  // Neighbours that no operation below may touch.
  for (let index = 0; index < 120; index++) {
    await putObject(test.store, put(bucket, `many/${String(index % 30).padStart(2, "0")}/${index}`, INLINE));
  }
});
afterAll(() => test.dispose());
beforeEach(() => {
  calls = [];
  test.takeCost();
});

function expectCost(most: { roundTrips: number; drives: number; rowsRead: number; rowsWritten: number }): void {
  const cost = test.takeCost();
  expect(cost.roundTrips).toBeLessThanOrEqual(most.roundTrips);
  expect(started()).toBe(most.drives);
  expect(cost.rowsRead).toBeLessThanOrEqual(most.rowsRead);
  expect(cost.rowsWritten).toBeLessThanOrEqual(most.rowsWritten);
  expect(cost.roundTrips).toBeGreaterThan(0);
}

async function get(key: string): Promise<Uint8Array> {
  const { head, read } = await openObject(test.store, { bucket, key });
  return readAll(await read({ offset: 0, length: head.sizeBytes }));
}

// Other writes have gone before: the bucket is remembered. The first one of an isolate takes a round trip more.
describe("cost of writes", () => {
  it.each(["new", "replaced"])("PutObject, inline, %s", async () => {
    await putObject(test.store, put(bucket, "put-inline", INLINE));
    expectCost({ roundTrips: 1, drives: 0, rowsRead: 14, rowsWritten: 4 });
  });

  it.each(["new", "replaced"])("PutObject, three copies, %s", async () => {
    await putObject(test.store, put(bucket, "put-small", SMALL));
    expectCost({ roundTrips: 1, drives: 3, rowsRead: 14, rowsWritten: 6 });
  });

  it.each(["new", "replaced"])("PutObject, 4+2, %s", async () => {
    await putObject(test.store, put(bucket, "put-large", LARGE));
    expectCost({ roundTrips: 1, drives: 6, rowsRead: 14, rowsWritten: 6 });
  });

  it("PutObject, 16+4: two blobs", async () => {
    const geometry = { k: 16, m: 4 };
    const drives = Array.from({ length: 20 }, (_, index) => new MemoryDrive({ name: `wide-${index}` }));
    const settings = { ...test.store.settings, storageClasses: { STANDARD: geometry } };
    await putObject(
      { ...test.store, drives, settings },
      put(bucket, "put-wide", pattern(blobBytesMax(geometry) + 1, 4)),
    );
    expect(drives.map(({ shards }) => shards.size)).toEqual(drives.map(() => 2));
    expectCost({ roundTrips: 2, drives: 0, rowsRead: 14, rowsWritten: 8 });
  });

  it("UploadPart and CompleteMultipartUpload", async () => {
    const upload = { bucket, key: "upload", owner: "root", attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
    const { uploadId } = await createUpload(test.store, { ...upload, checksum: null });
    const parts = [];
    for (let partNumber = 1; partNumber <= 5; partNumber++) {
      beforeEachPart();
      const body = () => bodyOf(LARGE);
      parts.push({
        partNumber,
        ...(await uploadPart(test.store, { bucket, key: "upload", uploadId, partNumber, body })),
      });
      expectCost({ roundTrips: 2, drives: 6, rowsRead: 14, rowsWritten: 6 });
    }
    beforeEachPart();
    await completeUpload(test.store, {
      bucket,
      key: "upload",
      uploadId,
      parts: parts.map(({ partNumber, etag }) => ({ partNumber, etag })),
    });
    expectCost({ roundTrips: 2, drives: 0, rowsRead: 14 + 12 * 5, rowsWritten: 6 + 5 * 3 });
  });

  it("CopyObject of an object of five extents", async () => {
    const source = { bucket, key: "upload" };
    const copy = { source, bucket, key: "copied", check: () => {}, attributes: "copy" as const };
    await copyObject(test.store, { ...copy, storageClass: "STANDARD" });
    expectCost({ roundTrips: 2, drives: 0, rowsRead: 14 + 4 * 5, rowsWritten: 4 + 5 });
  });

  it.each(["new", "replaced"])("RenameObject of an object of five extents, %s", async (target) => {
    const source = { bucket, key: "upload" };
    const copy = { source, bucket, check: () => {}, attributes: "copy" as const, storageClass: "STANDARD" };
    await copyObject(test.store, { ...copy, key: "from" });
    beforeEachPart();
    const idempotency = { token: `renamed onto a ${target} one`, parameters: "" };
    const rename = { bucket, source: "from", key: "to", checkSource: () => {}, checkTarget: () => {} };
    await renameObject(test.store, { ...rename, idempotency });
    // Read: what an operation on one key reads, and the other key. Written: the row under its two keys, the token, the trash.
    expectCost({ roundTrips: 2, drives: 0, rowsRead: 14 + 10, rowsWritten: 4 });
  });

  it.each(["new", "replaced"])("RenameObject where versions are kept, %s", async (target) => {
    const versioned = "versioned-renames";
    await createBucket(test.store, { name: versioned, owner: "root", region: "us-east-1" }).catch(() => {});
    await setVersioning(test.store, versioned, "enabled");
    await putObject(test.store, put(versioned, "from", LARGE));
    beforeEachPart();
    const idempotency = { token: `renamed onto a ${target} one`, parameters: "" };
    const rename = { bucket: versioned, source: "from", key: "to", checkSource: () => {}, checkTarget: () => {} };
    await renameObject(test.store, { ...rename, idempotency });
    // What a copy, a deletion (each counts usage), the look at the other key and the token cost, in one batch.
    expectCost({ roundTrips: 2, drives: 0, rowsRead: 14 + 14 + 28, rowsWritten: 4 + 2 + 1 + 2 });
  });

  it("appends: as a PutObject, however many went before", { tags: ["slow"] }, async () => {
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
    const append = (offset: number, bytes: Uint8Array) =>
      appendObject(test.store, { bucket, key: "log", offset, body: () => bodyOf(bytes), created });
    let offset = 0;
    const costs = [
      { bytes: INLINE, drives: 0, rowsWritten: 4 },
      { bytes: INLINE, drives: 0, rowsWritten: 4 },
      { bytes: SMALL, drives: 3, rowsWritten: 6 },
      { bytes: INLINE, drives: 0, rowsWritten: 4 },
      { bytes: LARGE, drives: 6, rowsWritten: 6 },
      ...Array.from({ length: 20 }, () => ({ bytes: SMALL, drives: 3, rowsWritten: 6 })),
    ];
    for (const { bytes, drives, rowsWritten } of costs) {
      beforeEachPart();
      await append(offset, bytes);
      expectCost({ roundTrips: 2, drives, rowsRead: 16, rowsWritten });
      offset += bytes.length;
    }
  });

  it("DeleteObject, inline and large", async () => {
    for (const key of ["put-inline", "put-large"]) {
      beforeEachPart();
      await deleteObject(test.store, { bucket, key });
      expectCost({ roundTrips: 1, drives: 0, rowsRead: 10, rowsWritten: 4 });
    }
  });

  it("DeleteObjects, 100 keys", { tags: ["slow"] }, async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `batch/${index}`);
    for (const key of keys) await putObject(test.store, put(bucket, key, INLINE));
    beforeEachPart();
    await deleteObjects(test.store, { bucket, deletions: keys.map((key) => ({ key })) });
    expectCost({ roundTrips: 1, drives: 0, rowsRead: 10 * 100, rowsWritten: 4 * 100 });
  });

  it("counting usage: one row written for each version that is put or deleted, by DeleteObjects too", {
    tags: ["slow"],
  }, async () => {
    const counted = "counted";
    await createBucket(test.store, { name: counted, owner: "root", region: "us-east-1" });
    const keys = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const key of keys) await putObject(test.store, put(counted, key, INLINE));
    beforeEachPart();
    await putObject(test.store, put(counted, "0", INLINE));
    // The version, and the bucket's usage.
    expect(test.takeCost().rowsWritten).toBe(2);
    await deleteObjects(test.store, { bucket: counted, deletions: keys.map((key) => ({ key })) });
    expect(test.takeCost().rowsWritten).toBe(2 * 20);
    await setVersioning(test.store, counted, "enabled");
    for (const key of keys) await putObject(test.store, put(counted, key, INLINE));
    beforeEachPart();
    await putObject(test.store, put(counted, "0", INLINE));
    expect(test.takeCost().rowsWritten).toBe(3);
    await deleteObjects(test.store, { bucket: counted, deletions: keys.map((key) => ({ key })) });
    // Each version moves, gets a marker on top, and leaves table objects; the marker counts.
    expect(test.takeCost().rowsWritten).toBe(4 * 20);
  });
});

describe("cost of reads", () => {
  beforeAll(async () => {
    await putObject(test.store, put(bucket, "inline", INLINE));
    await putObject(test.store, put(bucket, "small", SMALL));
    await putObject(test.store, put(bucket, "large", LARGE));
  });

  it("HeadObject", async () => {
    await headObject(test.store, { bucket, key: "large" });
    expectCost({ roundTrips: 1, drives: 0, rowsRead: 10, rowsWritten: 0 });
  });

  it("GetObject, inline", async () => {
    expect(Buffer.compare(await get("inline"), INLINE)).toBe(0);
    expectCost({ roundTrips: 1, drives: 0, rowsRead: 10, rowsWritten: 0 });
  });

  it("GetObject, three copies: one drive", async () => {
    expect(Buffer.compare(await get("small"), SMALL)).toBe(0);
    expectCost({ roundTrips: 1, drives: 1, rowsRead: 10, rowsWritten: 0 });
  });

  it("GetObject, 4+2: the data shards and no more", async () => {
    expect(Buffer.compare(await get("large"), LARGE)).toBe(0);
    expectCost({ roundTrips: 1, drives: 4, rowsRead: 10, rowsWritten: 0 });
  });

  it("GetObject of one byte: one frame of one drive", async () => {
    const { read } = await openObject(test.store, { bucket, key: "large", hint: { offset: 2_222_222, length: 1 } });
    expect(await readAll(await read({ offset: 2_222_222, length: 1 }))).toEqual(LARGE.slice(2_222_222, 2_222_223));
    expect(calls.filter(({ kind }) => kind === "read").length).toBe(1);
    expectCost({ roundTrips: 1, drives: 1, rowsRead: 10, rowsWritten: 0 });
  });

  it.each([
    ["a flat page", { prefix: "many/", delimiter: "", limit: 100 }, 100],
    ["a page of common prefixes", { prefix: "many/", delimiter: "/", limit: 20 }, 20],
    ["a page of both", { prefix: "", delimiter: "/", limit: 1000 }, 6],
  ])("ListObjects: %s", async (_name, query, entries) => {
    const page = await listObjects(test.store, { bucket, after: { key: "", skipPrefix: false }, ...query });
    expect(page.entries.length).toBeGreaterThanOrEqual(entries - 1);
    expectCost({ roundTrips: 1, drives: 0, rowsRead: 2 * page.entries.length + 20, rowsWritten: 0 });
  });
});

function beforeEachPart(): void {
  calls = [];
  test.takeCost();
}
