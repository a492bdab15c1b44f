import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createChecksum } from "../../src/erasure/checksum.ts";
import { pack } from "../../src/maintenance/collect/pack.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { StoreError } from "../../src/store/failure.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart, uploadPartCopy } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import type { ChecksumAlgorithm, IncomingBody } from "../../src/store/types.ts";
import { type AppendObject, type AppendResult, appendObject } from "../../src/store/write/append.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { renameObject } from "../../src/store/write/rename.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { collectAll, expectExactReferences, expectNothingLeft } from "../support/references.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

const bucket = "appends";
const ENDLESS = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
const ALGORITHMS: ChecksumAlgorithm[] = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];

let clock: ManualClock;
let rig: TestStore;
beforeEach(async () => {
  clock = new ManualClock();
  rig = await openTestStore({ clock, settings: { inlineBytesMax: 512, smallBytesMax: 2048, partBytesMin: 1 } });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };

function append(
  key: string,
  offset: number,
  bytes: Uint8Array,
  more: Partial<AppendObject> = {},
): Promise<AppendResult> {
  return appendObject(rig.store, { bucket, key, offset, body: () => bodyOf(bytes), created, ...more });
}

async function contentOf(key: string, range?: { offset: number; length: number }): Promise<Buffer> {
  const { head, read } = await openObject(rig.store, { bucket, key });
  return Buffer.from(await readAll(await read(range ?? { offset: 0, length: head.sizeBytes })));
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: StoreError) => error.failure,
  );

/** Where the bytes of a key lie. */
async function shapeOf(key: string): Promise<{ extents: number; inlineBytes: number; parts: number }> {
  const sql = `SELECT coalesce(json_array_length(extents), 0) AS extents, coalesce(json_array_length(parts), 0) AS parts,
    inline_body FROM objects WHERE key = '${key}'`;
  type Row = { extents: number; parts: number; inline_body: string | null };
  const row = (await rig.d1.batch<Row>([rig.d1.prepare(sql)]))[0]?.results[0] as Row;
  const { extents, parts } = row;
  return { extents, parts, inlineBytes: inlineBytesOf(row.inline_body) };
}

/** Without what sealing adds. */
function inlineBytesOf(text: string | null): number {
  const bytes = Buffer.from(text ?? "", "base64").length;
  return bytes === 0 || rig.store.sealing.sealer === null ? bytes : bytes - 32;
}

function digestOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const checksum = createChecksum(algorithm, rig.store.engine);
  checksum.update(bytes);
  return Buffer.from(checksum.digest()).toString("base64");
}

/** A body whose checksum was declared, as `src/s3` makes them. */
function declaredBody(bytes: Uint8Array, algorithm: ChecksumAlgorithm): IncomingBody {
  const value = digestOf(algorithm, bytes);
  return { ...bodyOf(bytes), digests: [algorithm], verify: () => ({ algorithm, type: "full-object", value }) };
}

describe("where the bytes go", () => {
  it("few stay in the row; more become a blob together with those; behind a blob it begins anew", async () => {
    await append("k", 0, pattern(200, 1));
    expect(await shapeOf("k")).toEqual({ extents: 0, inlineBytes: 200, parts: 0 });
    await append("k", 200, pattern(312, 2));
    expect(await shapeOf("k")).toEqual({ extents: 0, inlineBytes: 512, parts: 2 });
    await append("k", 512, pattern(1, 3));
    expect(await shapeOf("k")).toEqual({ extents: 1, inlineBytes: 0, parts: 3 });
    await append("k", 513, pattern(100, 4));
    expect(await shapeOf("k")).toEqual({ extents: 1, inlineBytes: 100, parts: 4 });
    await append("k", 613, pattern(9_000, 5));
    expect(await shapeOf("k")).toEqual({ extents: 2, inlineBytes: 0, parts: 5 });
    const whole = Buffer.concat([pattern(200, 1), pattern(312, 2), pattern(1, 3), pattern(100, 4), pattern(9_000, 5)]);
    expect(Buffer.compare(await contentOf("k"), whole)).toBe(0);
    await expectExactReferences(rig);
    await collectAll(rig);
    expect(Buffer.compare(await contentOf("k"), whole)).toBe(0);
    await expectNothingLeft(rig, bucket);
  });

  it("to an empty object they are all there is", async () => {
    const attributes = { system: { contentType: "text/x" }, user: { a: "b" } };
    await putObject(rig.store, { ...put(bucket, "k", new Uint8Array(0)), attributes });
    const { etag, checksum } = await append("k", 0, pattern(300, 1));
    expect(etag).toBe(createHash("md5").update(pattern(300, 1)).digest("hex"));
    expect(checksum).toEqual({
      algorithm: "crc64nvme",
      type: "full-object",
      value: digestOf("crc64nvme", pattern(300, 1)),
    });
    const head = await headObject(rig.store, { bucket, key: "k" });
    expect(head).toMatchObject({ etag, attributes, sizeBytes: 300 });
    expect(head.parts).toBeUndefined();
  });

  it("what the object is stays, but its bytes, ETag and time", async () => {
    const attributes = { system: { contentType: "text/x" }, user: { a: "b" } };
    await putObject(rig.store, { ...put(bucket, "k", pattern(9_000, 1)), attributes, tags: [["t", "1"]] });
    const before = await headObject(rig.store, { bucket, key: "k" });
    await clock.advance(5_000);
    const { etag, sizeBytes } = await append("k", 9_000, pattern(100, 2));
    const after = await headObject(rig.store, { bucket, key: "k" });
    expect(sizeBytes).toBe(9_100);
    expect(after).toMatchObject({
      etag,
      sizeBytes,
      attributes,
      tags: [["t", "1"]],
      modifiedMs: before.modifiedMs + 5_000,
    });
    expect(after.parts?.map(({ sizeBytes }) => sizeBytes)).toEqual([9_000, 100]);
    // As of an upload of two parts.
    const md5s = [pattern(9_000, 1), pattern(100, 2)].map((bytes) => createHash("md5").update(bytes).digest());
    expect(etag).toBe(`${createHash("md5").update(Buffer.concat(md5s)).digest("hex")}-2`);
  });

  it("a large object is not packed because few of its bytes lie in the row", async () => {
    for (let n = 0; n < 20; n++) {
      await putObject(rig.store, put(bucket, `k/${n}`, pattern(9_000, n + 1)));
      await append(`k/${n}`, 9_000, pattern(100, n + 1));
    }
    await clock.advance(24 * 3600 * 1000);
    expect((await pack.run(rig.store, ENDLESS, null)).report).toMatchObject({ packedObjects: 0, compactedObjects: 0 });
  });

  it("appending to what was completed from parts adds to them", async () => {
    const where = { bucket, key: "k" };
    const { uploadId } = await createUpload(rig.store, { ...where, ...created, owner: "root", checksum: null });
    const parts = [];
    for (const partNumber of [1, 2]) {
      const body = () => bodyOf(pattern(6_000, partNumber));
      parts.push({ partNumber, etag: (await uploadPart(rig.store, { ...where, uploadId, partNumber, body })).etag });
    }
    await completeUpload(rig.store, { ...where, uploadId, parts });
    const { etag } = await append("k", 12_000, pattern(50, 3));
    const head = await headObject(rig.store, where);
    expect(etag).toMatch(/^[0-9a-f]{32}-3$/);
    expect(head.parts).toMatchObject([
      { partNumber: 1, sizeBytes: 6_000 },
      { partNumber: 2, sizeBytes: 6_000 },
      { partNumber: 3, sizeBytes: 50 },
    ]);
  });
});

describe("checksums", () => {
  it.each(ALGORITHMS)("%s", async (algorithm) => {
    const pieces = [pattern(400, 1), pattern(300, 2), pattern(5_000, 3), pattern(10, 4)];
    let offset = 0;
    for (const bytes of pieces) {
      const { part } = await append("k", offset, bytes, { body: () => declaredBody(bytes, algorithm) });
      if (offset > 0) expect(part).toEqual({ algorithm, value: digestOf(algorithm, bytes) });
      offset += bytes.length;
    }
    const { checksum, parts } = await headObject(rig.store, { bucket, key: "k" });
    const values = pieces.map((bytes) => digestOf(algorithm, bytes));
    expect(parts?.map((part) => part.checksum)).toEqual(values);
    if (algorithm.startsWith("crc")) {
      expect(checksum).toEqual({ algorithm, type: "full-object", value: digestOf(algorithm, Buffer.concat(pieces)) });
    } else {
      const ofParts = digestOf(algorithm, Buffer.concat(values.map((value) => Buffer.from(value, "base64"))));
      expect(checksum).toEqual({ algorithm, type: "composite", value: `${ofParts}-4` });
    }
  });

  it("the algorithm of the object decides, whatever the append declares", async () => {
    await putObject(rig.store, put(bucket, "k", pattern(100, 1)));
    const targets: unknown[] = [];
    const body = (target: unknown) => {
      targets.push(target);
      return declaredBody(pattern(100, 2), "sha256");
    };
    await append("k", 100, pattern(100, 2), { body });
    expect(targets).toMatchObject([{ storageClass: "STANDARD", algorithm: "crc64nvme" }]);
    const value = digestOf("crc64nvme", Buffer.concat([pattern(100, 1), pattern(100, 2)]));
    expect((await headObject(rig.store, { bucket, key: "k" })).checksum).toMatchObject({
      algorithm: "crc64nvme",
      value,
    });
  });

  it("a body that is refused leaves the object as it was", async () => {
    const before = await putObject(rig.store, put(bucket, "k", pattern(400, 1)));
    for (const length of [50, 5_000]) {
      const verify = () => {
        throw new Error("BadDigest");
      };
      const body = () => ({ ...bodyOf(pattern(length, 2)), verify });
      await expect(append("k", 400, pattern(length, 2), { body })).rejects.toThrow("BadDigest");
      const short = () => ({ ...bodyOf(pattern(length - 1, 2)), sizeBytes: length });
      expect(await failureOf(append("k", 400, pattern(length, 2), { body: short }))).toMatchObject({
        kind: "incomplete-body",
      });
    }
    expect((await headObject(rig.store, { bucket, key: "k" })).id).toBe(before.id);
    expect(rig.drives.flatMap(({ shards }) => [...shards.keys()])).toEqual([]);
  });
});

describe("is refused", () => {
  it("at any other offset than the object's end", async () => {
    expect(await failureOf(append("absent", 1, pattern(1)))).toEqual({ kind: "wrong-offset", sizeBytes: null });
    await putObject(rig.store, put(bucket, "k", pattern(100, 1)));
    for (const offset of [0, 99, 101]) {
      expect(await failureOf(append("k", offset, pattern(1)))).toEqual({ kind: "wrong-offset", sizeBytes: 100 });
    }
    expect((await contentOf("k")).length).toBe(100);
  });

  it("where a version, once written, must not change", async () => {
    await putObject(rig.store, put(bucket, "k", pattern(100, 1)));
    for (const state of ["enabled", "suspended"] as const) {
      await setVersioning(rig.store, bucket, state);
      expect(await failureOf(append("k", 100, pattern(1)))).toEqual({ kind: "not-appendable", bucket });
      expect(await failureOf(append("absent", 0, pattern(1)))).toEqual({ kind: "not-appendable", bucket });
    }
  });

  it("in a bucket that is not there", async () => {
    expect(await failureOf(append("k", 0, pattern(1), { bucket: "elsewhere" }))).toMatchObject({
      kind: "no-such-bucket",
    });
  });

  it("after ten thousand parts", async () => {
    const { checksum } = await putObject(rig.store, put(bucket, "k", pattern(9_999, 1)));
    expect(checksum).toBeDefined();
    const parts = (count: number) => JSON.stringify(Array.from({ length: count }, (_, n) => [n + 1, 1, null]));
    const set = (count: number) => rig.d1.batch([rig.d1.prepare(`UPDATE objects SET parts = '${parts(count)}'`)]);
    await set(9_999);
    await append("k", 9_999, pattern(1, 2));
    expect(await shapeOf("k")).toMatchObject({ parts: 10_000 });
    expect(await failureOf(append("k", 10_000, pattern(1, 3)))).toEqual({ kind: "too-many-parts", partsMax: 10_000 });
    expect((await contentOf("k")).length).toBe(10_000);
  });
});

describe("conditions", () => {
  it("of the ETag", async () => {
    const { etag } = await append("k", 0, pattern(100, 1));
    const other = { condition: { ifMatch: "other" } };
    expect(await failureOf(append("k", 100, pattern(1), other))).toMatchObject({ condition: "If-Match" });
    const longer = await append("k", 100, pattern(1), { condition: { ifMatch: etag } });
    expect(longer.etag).not.toBe(etag);
    expect(await failureOf(append("k", 101, pattern(1), { condition: { ifMatch: etag } }))).toMatchObject({
      kind: "precondition-failed",
    });
    expect(await failureOf(append("absent", 0, pattern(1), other))).toMatchObject({ kind: "precondition-no-such-key" });
  });

  it("that there is nothing", async () => {
    const free = { condition: { ifNoneMatch: "*" as const } };
    await append("k", 0, new Uint8Array([1]), free);
    expect(await failureOf(append("k", 1, pattern(1), free))).toMatchObject({ condition: "If-None-Match" });
  });
});

describe("what happens at the same time", () => {
  it.each([10, 900, 5_000])(
    "of a hundred appends of %d bytes at one offset one wins",
    { tags: ["slow"] },
    async (length) => {
      for (const start of [0, 300, 6_000]) {
        const key = `race/${length}/${start}`;
        if (start > 0) await putObject(rig.store, put(bucket, key, pattern(start, 999)));
        const bodies = Array.from({ length: 100 }, (_, n) => pattern(length, n + 1));
        const outcomes = await Promise.all(bodies.map((bytes) => failureOf(append(key, start, bytes))));
        const winners = outcomes.flatMap((failure, n) => (failure === null ? [n] : []));
        expect(winners).toHaveLength(1);
        const losers = outcomes.filter((failure) => failure !== null);
        expect(new Set(losers.map((failure) => JSON.stringify(failure)))).toEqual(
          new Set([JSON.stringify({ kind: "wrong-offset", sizeBytes: start + length })]),
        );
        const whole = Buffer.concat([pattern(start, 999), bodies[winners[0] as number] as Uint8Array]);
        expect(Buffer.compare(await contentOf(key), whole)).toBe(0);
      }
      await expectExactReferences(rig);
    },
  );

  it("forty writers that try again until they get through: each line is there, once, whole", {
    tags: ["slow"],
  }, async () => {
    const line = (n: number) => Buffer.from(`line ${String(n).padStart(3, "0")} ${"x".repeat(n * 3 + 1)}\n`);
    const write = async (n: number) => {
      for (let offset = 0; ; ) {
        const failure = await failureOf(append("log", offset, line(n)));
        if (failure === null) return;
        if (failure.kind !== "wrong-offset") throw new StoreError(failure);
        offset = failure.sizeBytes ?? 0;
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, n) => write(n)));
    const lines = (await contentOf("log")).toString().trimEnd().split("\n");
    expect(lines.sort()).toEqual(Array.from({ length: 40 }, (_, n) => line(n).toString().trimEnd()));
    await expectExactReferences(rig);
  });

  it("an overwrite by as many bytes is not taken for what was found", async () => {
    await putObject(rig.store, put(bucket, "k", pattern(100, 1)));
    const body = () => {
      const bytes = bodyOf(pattern(10, 2));
      const overwrite = putObject(rig.store, put(bucket, "k", pattern(100, 3)));
      return { ...bytes, next: async () => overwrite.then(() => bytes.next()) };
    };
    expect(await failureOf(append("k", 100, pattern(10, 2), { body }))).toMatchObject({ kind: "conflict" });
    expect(Buffer.compare(await contentOf("k"), pattern(100, 3))).toBe(0);
  });

  it("bytes that the packer moves meanwhile are not there twice", async () => {
    for (let n = 0; n < 20; n++) await putObject(rig.store, put(bucket, `k/${n}`, pattern(300, n + 1)));
    await clock.advance(24 * 3600 * 1000);
    const body = () => {
      const bytes = bodyOf(pattern(10, 99));
      const packed = pack.run(rig.store, ENDLESS, null);
      return { ...bytes, next: async () => packed.then(() => bytes.next()) };
    };
    expect(await failureOf(append("k/7", 300, pattern(10, 99), { body }))).toMatchObject({ kind: "conflict" });
    await append("k/7", 300, pattern(10, 99));
    const whole = Buffer.concat([pattern(300, 8), pattern(10, 99)]);
    expect(Buffer.compare(await contentOf("k/7"), whole)).toBe(0);
    await expectExactReferences(rig);
  });
});

interface Move {
  do: "rename" | "copy" | "range";
  from: string;
  to: string;
  at: number;
}
type Step = { do: "append" | "put"; key: string; length: number; seed: number } | Move | { do: "pack" | "collect" };

const key = fc.constantFrom("a", "b", "c");
const seed = fc.integer({ min: 1, max: 1_000_000 });
const length = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 301, max: 4_000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("append" as const), key, length, seed }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("put" as const), key, length, seed }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("rename" as const, "copy" as const, "range" as const),
      from: key,
      to: key,
      at: fc.nat(5_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("pack" as const, "collect" as const) }) },
);

describe("appends among all that moves extents", () => {
  async function take(model: Map<string, Buffer>, taken: Step): Promise<void> {
    if (taken.do === "append") {
      const before = model.get(taken.key) ?? Buffer.alloc(0);
      await append(taken.key, before.length, pattern(taken.length, taken.seed));
      model.set(taken.key, Buffer.concat([before, pattern(taken.length, taken.seed)]));
    } else if (taken.do === "put") {
      await putObject(rig.store, put(bucket, taken.key, pattern(taken.length, taken.seed)));
      model.set(taken.key, Buffer.from(pattern(taken.length, taken.seed)));
    } else if (!("from" in taken)) {
      await clock.advance(24 * 3600 * 1000);
      await (taken.do === "pack" ? pack.run(rig.store, ENDLESS, null) : collectAll(rig));
    } else {
      const bytes = model.get(taken.from);
      if (bytes && taken.from !== taken.to) await move(model, taken, bytes);
    }
  }

  async function move(model: Map<string, Buffer>, { do: kind, from, to, at }: Move, bytes: Buffer): Promise<void> {
    if (kind === "rename") {
      await renameObject(rig.store, { bucket, source: from, key: to, checkSource: () => {} });
      model.set(to, bytes);
      model.delete(from);
    } else if (kind === "copy") {
      const source = { source: { bucket, key: from }, check: () => {}, attributes: "copy" as const };
      await copyObject(rig.store, { ...source, bucket, key: to, storageClass: "STANDARD" });
      model.set(to, bytes);
    } else {
      // From somewhere to the end: across extents, into what lies inline, or within either.
      const range = { offset: at % bytes.length, length: bytes.length - (at % bytes.length) };
      const where = { bucket, key: to };
      const { uploadId } = await createUpload(rig.store, { ...where, ...created, owner: "root", checksum: null });
      const part = { ...where, uploadId, partNumber: 1 };
      const { etag } = await uploadPartCopy(rig.store, { ...part, source: { bucket, key: from }, select: () => range });
      await completeUpload(rig.store, { ...where, uploadId, parts: [{ partNumber: 1, etag }] });
      model.set(to, bytes.subarray(range.offset));
    }
  }

  it("lose, mix and leak nothing", { tags: ["slow"] }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), fc.nat(10_000), async (steps, at) => {
        const model = new Map<string, Buffer>();
        for (const taken of steps) {
          await take(model, taken);
          await expectExactReferences(rig);
        }
        for (const [name, bytes] of model) {
          expect(Buffer.compare(await contentOf(name), bytes), name).toBe(0);
          const offset = at % bytes.length;
          const range = { offset, length: Math.min(700, bytes.length - offset) };
          const wanted = bytes.subarray(offset, offset + range.length);
          expect(Buffer.compare(await contentOf(name, range), wanted), `${name} from ${offset}`).toBe(0);
          const { checksum } = await headObject(rig.store, { bucket, key: name });
          if (checksum) expect(checksum.value).toBe(digestOf("crc64nvme", bytes));
        }
        await expectNothingLeft(rig, bucket);
      }),
      { numRuns: 60 },
    );
  });
});
