import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import type { IncomingBody } from "../../src/store/types.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { putObject } from "../../src/store/write/write.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore();
  await createBucket(rig.store, { name: "bucket", owner: "owner", region: "us-east-1" });
});
afterAll(() => rig?.dispose());

/** A body that says it may be `spareBytes` longer than it is. */
function bounded(bytes: Uint8Array, spareBytes: number): IncomingBody {
  return { ...bodyOf(bytes), sizeBytes: bytes.length + spareBytes, sizeIsBound: true };
}

const KIB = 1024;
// Around each size at which a body is stored in another way, and around a stripe of four blocks of 256 KiB.
const sizes = [0, 1, 32 * KIB - 1, 32 * KIB, 256 * KIB - 1, 256 * KIB, KIB * KIB - 1, KIB * KIB, 3 * KIB * KIB + 5];

test.each(sizes.flatMap((size) => [0, 2, 5000, 40 * KIB].map((spare) => [size, spare] as const)))(
  "%d bytes under a bound %d higher are stored as they are",
  { tags: ["slow"] },
  async (size, spare) => {
    const bytes = pattern(size, size + 1);
    const exact = await putObject(rig.store, put("bucket", "exact", bytes));
    const key = `${size}+${spare}`;
    const written = await putObject(rig.store, { ...put("bucket", key, bytes), body: bounded(bytes, spare) });
    expect(written.etag).toBe(createHash("md5").update(bytes).digest("hex"));
    expect(written.checksum).toEqual(exact.checksum);
    const { head, read } = await openObject(rig.store, { bucket: "bucket", key });
    expect(head).toMatchObject({ sizeBytes: size, checksum: exact.checksum });
    expect(Buffer.compare(await readAll(await read({ offset: 0, length: size })), bytes)).toBe(0);
    if (size < 10) return;
    const end = await readAll(await read({ offset: size - 10, length: 10 }));
    expect(Buffer.compare(end, bytes.subarray(-10))).toBe(0);
  },
);

test("an exact size stays exact", async () => {
  for (const size of [10, 300 * KIB]) {
    const body = { ...bodyOf(pattern(size)), sizeBytes: size + 2 };
    await expect(putObject(rig.store, { ...put("bucket", "short", new Uint8Array(0)), body })).rejects.toMatchObject({
      failure: { kind: "incomplete-body" },
    });
  }
});

test("no more than the bound is taken", async () => {
  for (const size of [10, 300 * KIB]) {
    const body = { ...bodyOf(pattern(size)), sizeBytes: size - 1, sizeIsBound: true };
    await expect(putObject(rig.store, { ...put("bucket", "long", new Uint8Array(0)), body })).rejects.toMatchObject({
      failure: { kind: "incomplete-body" },
    });
  }
});

test("a copy of it is of the bytes alone", async () => {
  const bytes = pattern(400 * KIB, 9);
  await putObject(rig.store, { ...put("bucket", "source", bytes), body: bounded(bytes, 77) });
  await copyObject(rig.store, {
    bucket: "bucket",
    key: "copy",
    source: { bucket: "bucket", key: "source" },
    check: () => {},
    attributes: NO_ATTRIBUTES,
    storageClass: "STANDARD",
    checksumAlgorithm: "sha256",
  });
  const head = await headObject(rig.store, { bucket: "bucket", key: "copy" });
  expect(head.sizeBytes).toBe(bytes.length);
  expect(head.checksum?.value).toBe(createHash("sha256").update(bytes).digest("base64"));
});
