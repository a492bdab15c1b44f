import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { uploadPartCopy } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import type { IncomingBody } from "../../src/store/types.ts";
import { appendObject } from "../../src/store/write/append.ts";
import { putObject } from "../../src/store/write/write.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, type TestStore } from "../support/store.ts";

// Bodies that arrive at the same time share the engine that computes their MD5: each gets its own, whatever becomes of the
// others, and none keeps what it held.

const KIB = 1024;
const bytes = pattern(3 * KIB * KIB, 41);

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore();
  await createBucket(rig.store, { name: "bucket", owner: "owner", region: "us-east-1" });
});
afterAll(() => rig?.dispose());

const md5 = (of: Uint8Array) => createHash("md5").update(of).digest("hex");

/** What goes wrong with a body. */
type Fate = "whole" | "breaks" | "ends early" | "goes on" | "is refused";

function bodyWith(fate: Fate, content: Uint8Array, pieceBytes: number): IncomingBody {
  const body = bodyOf(content, pieceBytes);
  const pieces = Math.ceil(content.length / pieceBytes);
  let left = fate === "breaks" || fate === "ends early" ? Math.floor(pieces / 2) : Infinity;
  const verify = () => {
    if (fate === "is refused") throw new Error("refused");
    return null;
  };
  const next = async () => {
    if (left-- > 0) return (await body.next()) ?? (fate === "goes on" ? new Uint8Array(9) : null);
    if (fate === "breaks") throw new Error("the client is gone");
    return null;
  };
  return { ...body, next, verify };
}

test("get the ETag of their bytes beside others of which some fail", { tags: ["slow"] }, async () => {
  const fates = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Fate>("whole") },
    fc.constantFrom<Fate>("breaks", "ends early", "goes on", "is refused"),
  );
  const one = fc.record({
    fate: fates,
    from: fc.nat(1000),
    sizeBytes: fc.oneof(
      fc.integer({ min: 1, max: 100 * KIB }),
      fc.integer({ min: 100 * KIB, max: 3 * KIB * KIB - 1000 }),
    ),
    pieceBytes: fc.constantFrom(10_000, 64 * KIB, 256 * KIB),
  });
  const idle = rig.store.engine.idleMd5s;
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 2, maxLength: 20 }), async (all) => {
      await Promise.all(
        all.map(async ({ fate, from, sizeBytes, pieceBytes }, i) => {
          const content = bytes.subarray(from, from + sizeBytes);
          const body = bodyWith(fate, content, pieceBytes);
          const written = putObject(rig.store, { ...put("bucket", `key-${i}`, content), body });
          if (fate === "whole") expect((await written).etag).toBe(md5(content));
          else await expect(written).rejects.toThrow();
        }),
      );
      expect(rig.store.engine.idleMd5s).toEqual(idle);
    }),
    { numRuns: 12 },
  );
});

test("hold nothing after an append to inline bytes that fails", async () => {
  const idle = rig.store.engine.idleMd5s;
  const small = bytes.subarray(0, 1000);
  await putObject(rig.store, put("bucket", "tail", small));
  const body = () => bodyWith("breaks", bytes.subarray(0, KIB * KIB), 64 * KIB);
  const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
  const appending = appendObject(rig.store, { bucket: "bucket", key: "tail", offset: small.length, body, created });
  await expect(appending).rejects.toThrow("the client is gone");
  expect(rig.store.engine.idleMd5s).toEqual(idle);
});

test("nor do those that are read again, for the checksum of a part, from drives that have lost them", async () => {
  const idle = rig.store.engine.idleMd5s;
  const source = { bucket: "bucket", key: "lost" };
  await putObject(rig.store, put(source.bucket, source.key, bytes));
  for (const drive of rig.drives) drive.shards.clear();
  const name = { bucket: "bucket", key: "copy" };
  const checksum = { algorithm: "sha256", type: "composite" } as const;
  const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", owner: "owner", checksum };
  const { uploadId } = await createUpload(rig.store, { ...name, ...created });
  const select = () => ({ offset: 0, length: bytes.length });
  await expect(uploadPartCopy(rig.store, { ...name, uploadId, partNumber: 1, source, select })).rejects.toThrow();
  expect(rig.store.engine.idleMd5s).toEqual(idle);
});
