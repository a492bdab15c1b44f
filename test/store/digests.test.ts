import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crc32Bytes, crc64Bytes } from "../../src/erasure/checksum.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import type { DigestName, Digests, IncomingBody } from "../../src/store/types.ts";
import { putObject } from "../../src/store/write/write.ts";
import { bodyOf, openTestStore, pattern, put, type TestStore } from "../support/store.ts";

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore();
  await createBucket(rig.store, { name: "bucket", owner: "owner", region: "us-east-1" });
});
afterAll(() => rig?.dispose());

const KIB = 1024;
const NAMES = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;

/** Each over the whole body at once, and those that can be by other code than ours. */
function expected(name: DigestName, bytes: Uint8Array): Uint8Array {
  const { engine } = rig.store;
  if (name === "crc32") return crc32Bytes(crc32(bytes));
  if (name === "crc32c") return crc32Bytes(engine.crc32c(bytes));
  if (name === "crc64nvme") return crc64Bytes(engine.crc64nvme(bytes));
  return new Uint8Array(createHash(name).update(bytes).digest());
}

/** What the store hands to `verify` of a body that asks for `digests`. */
async function digestsOf(bytes: Uint8Array, digests: DigestName[], spareBytes: number): Promise<Digests> {
  let given: Digests = new Map();
  const bound = spareBytes > 0 ? { sizeBytes: bytes.length + spareBytes, sizeIsBound: true } : {};
  const verify = (computed: Digests) => {
    given = new Map(computed);
    return null;
  };
  const body: IncomingBody = { ...bodyOf(bytes), ...bound, digests, verify };
  await putObject(rig.store, { ...put("bucket", "key", bytes), body });
  return given;
}

test("a body is given all the digests that it asks for, however it is stored", async () => {
  const sizes = fc.oneof(
    fc.nat(40 * KIB),
    fc.integer({ min: 200 * KIB, max: 300 * KIB }),
    fc.integer({ min: KIB * KIB - 300, max: KIB * KIB + 300 }),
    fc.integer({ min: 2 * KIB * KIB, max: 3 * KIB * KIB }),
  );
  const spares = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(5000));
  await fc.assert(
    fc.asyncProperty(sizes, fc.subarray([...NAMES]), spares, async (size, names, spareBytes) => {
      const bytes = pattern(size, size);
      const given = await digestsOf(bytes, names, spareBytes);
      for (const name of ["md5", ...names] as const) {
        expect(Buffer.from(given.get(name) ?? []).toString("hex"), name).toBe(
          Buffer.from(expected(name, bytes)).toString("hex"),
        );
      }
    }),
    { numRuns: 25 },
  );
});
