import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pack } from "../../src/maintenance/collect/pack.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { openAnnotation, putAnnotation } from "../../src/store/annotations/annotations.ts";
import { createBucket, deleteBucket } from "../../src/store/buckets/buckets.ts";
import { storeOf } from "../../src/store/buckets/databases.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPartCopy } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { putObject } from "../../src/store/write/write.ts";
import { DatabasesRig } from "../support/databases.ts";
import { NO_ATTRIBUTES, pattern, put, readAll } from "../support/store.ts";

const NAMES = ["DB", "DB_2"];
const DAY_MS = 24 * 3600 * 1000;
const SETTINGS = { inlineBytesMax: 100, smallBytesMax: 1_000, partBytesMin: 1 };

let rig: DatabasesRig;
let store: StoreContext;
beforeEach(async () => {
  rig = await DatabasesRig.open(NAMES, SETTINGS);
  store = rig.isolate(NAMES);
  for (const [index, name] of ["here", "there"].entries()) {
    for (const [at, database] of NAMES.entries()) rig.sizesBytes.set(database, at === index ? 0 : 1e10);
    await createBucket(store, { name, owner: "owner", region: "us-east-1" });
  }
});
afterEach(() => rig.dispose());

async function bytesOf(bucket: string, key: string): Promise<Uint8Array> {
  const isolate = rig.isolate(NAMES);
  const opened = await openObject(await storeOf(isolate, bucket), { bucket, key });
  return readAll(await opened.read({ offset: 0, length: opened.head.sizeBytes }));
}

async function copy(from: string, to: string, key: string, more: { checksumAlgorithm?: "sha256" } = {}) {
  return copyObject(await storeOf(store, to), {
    bucket: to,
    key,
    source: { bucket: from, key },
    check: () => {},
    attributes: "copy",
    storageClass: "STANDARD",
    ...more,
  });
}

/** Deletes the source and all that nothing refers to any more, in both databases. */
async function forget(bucket: string, key: string): Promise<void> {
  const source = await storeOf(store, bucket);
  await deleteObject(source, { bucket, key });
  await deleteBucket(source, bucket);
  for (let day = 0; day < 4; day++) {
    await rig.clock.advance(DAY_MS);
    await runJobs(rig.isolate(NAMES));
  }
}

describe.each([
  ["here", "there"],
  ["there", "here"],
])("from %s to %s", (from, to) => {
  it.each([0, 50, 500, 5_000, 3_000_000])("%i bytes outlive their source", { tags: ["slow"] }, async (size) => {
    await putObject(await storeOf(store, from), put(from, "key", pattern(size)));
    const { checksum: kept, etag } = await headObject(await storeOf(store, from), { bucket: from, key: "key" });
    const copied = await copy(from, to, "key");
    expect(copied).toMatchObject({ etag, checksum: kept });
    await forget(from, "key");
    expect(await bytesOf(to, "key")).toEqual(pattern(size));
  });

  it("a packed object lies inline again", async () => {
    const source = await storeOf(store, from);
    for (let n = 0; n < 70; n++) await putObject(source, put(from, `key-${n}`, pattern(50, n)));
    await rig.clock.advance(DAY_MS);
    await runJobs(store, [pack]);
    const before = rig.drives[0]!.shards.size;
    expect(before).toBeGreaterThan(0);
    const { checksum } = await copy(from, to, "key-7", { checksumAlgorithm: "sha256" });
    const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(pattern(50, 7)));
    expect(checksum).toMatchObject({ algorithm: "sha256", value: Buffer.from(digest).toString("base64") });
    expect(rig.drives[0]!.shards.size).toBe(before);
    expect(await bytesOf(to, "key-7")).toEqual(pattern(50, 7));
  });

  it("a range becomes a part, which outlives its source", { tags: ["slow"] }, async () => {
    const [source, target] = [await storeOf(store, from), await storeOf(store, to)];
    await putObject(source, put(from, "key", pattern(40_000)));
    const upload = { bucket: to, key: "joined", owner: "owner", attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
    const { uploadId } = await createUpload(target, { ...upload, checksum: null });
    const ranges = [
      { offset: 10_000, length: 20_000 },
      { offset: 0, length: 300 },
      { offset: 39_999, length: 1 },
    ];
    const parts = [];
    for (const [index, range] of ranges.entries()) {
      const part = { bucket: to, key: "joined", uploadId, partNumber: index + 1 };
      const { etag } = await uploadPartCopy(target, {
        ...part,
        source: { bucket: from, key: "key" },
        select: () => range,
      });
      parts.push({ partNumber: index + 1, etag });
    }
    await completeUpload(target, { bucket: to, key: "joined", uploadId, parts });
    await forget(from, "key");
    const whole = pattern(40_000);
    expect(await bytesOf(to, "joined")).toEqual(
      new Uint8Array(Buffer.concat(ranges.map(({ offset, length }) => whole.subarray(offset, offset + length)))),
    );
  });

  it("annotations outlive their source, small and large ones", { tags: ["slow"] }, async () => {
    const source = await storeOf(store, from);
    await putObject(source, put(from, "key", pattern(500)));
    const bodies = [50, 500, 5_000].map((size) => pattern(size, size));
    for (const body of bodies) {
      const annotation = { name: `n${body.length}`, body: put(from, "", body).body, bypassGovernance: false };
      await putAnnotation(source, { bucket: from, key: "key" }, annotation);
    }
    await copy(from, to, "key", { checksumAlgorithm: "sha256" });
    await forget(from, "key");
    const target = await storeOf(rig.isolate(NAMES), to);
    for (const body of bodies) {
      const { annotation, read } = await openAnnotation(target, { bucket: to, key: "key" }, `n${body.length}`);
      expect(annotation.checksum.value).toBe(createHash("sha256").update(body).digest("base64"));
      expect(await readAll(await read())).toEqual(body);
    }
  });

  it("what is not there is answered as with one database", async () => {
    const failing = (attempt: Promise<unknown>, failure: object) => expect(attempt).rejects.toMatchObject({ failure });
    await failing(copy(from, to, "key"), { kind: "no-such-key", key: "key" });
    await failing(copy("nowhere", to, "key"), { kind: "no-such-bucket", bucket: "nowhere" });
    await putObject(await storeOf(store, from), put(from, "key", pattern(10)));
    await failing(copy(from, "nowhere", "key"), { kind: "no-such-bucket", bucket: "nowhere" });
  });
});

it("costs one round trip to the source's database and two to the target's", async () => {
  await putObject(await storeOf(store, "here"), put("here", "key", pattern(50)));
  expect(await rig.batchesOf(() => copy("here", "there", "key"))).toEqual({ DB: 1, DB_2: 2 });
});

it("within one database moves no byte and costs two round trips, whatever the buckets", async () => {
  rig.sizesBytes.set("DB", 0).set("DB_2", 1e10);
  await createBucket(store, { name: "beside", owner: "owner", region: "us-east-1" });
  await putObject(await storeOf(store, "here"), put("here", "key", pattern(9_000)));
  const before = rig.drives[0]!.shards.size;
  expect(await rig.batchesOf(() => copy("here", "beside", "key"))).toEqual({ DB: 2 });
  expect(rig.drives[0]!.shards.size).toBe(before);
});
