import { createHash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ChecksumName, createChecksum } from "../../src/erasure/checksum.ts";
import { createEngine } from "../support/kernel.ts";
import { referenceCrc32, referenceCrc32c, referenceCrc64 } from "./reference.ts";
import { pseudoRandom } from "./samples.ts";

const engine = await createEngine(1);
const CHECK = new TextEncoder().encode("123456789");

test("published check values", () => {
  expect(engine.crc64nvme(CHECK)).toBe(0xae8b14860a799888n);
  expect(engine.crc32c(CHECK)).toBe(0xe3069283);
  expect(engine.crc32(CHECK)).toBe(0xcbf43926);
  expect(engine.crc64nvme(new Uint8Array(0))).toBe(0n);
});

// The lengths from which each range of folding is used, the pieces that are folded at once, and their neighbours.
const LENGTHS = [0, 1, 15, 16, 63, 64, 65, 1535, 1536, 1537, 1600, 4096, 12_287, 12_288, 16_383, 16_384, 16_448];
const LONG_LENGTHS = [65_535, 65_536, 65_537, 70_000, 84_352, 131_072, 200_001, 262_144, 262_145, 400_000];
const noise = pseudoRandom(400_064, 11);

describe("CRCs against a bit by bit one", () => {
  const matches = (length: number) => {
    const bytes = noise.subarray(1, 1 + length);
    expect(engine.crc64nvme(bytes)).toBe(referenceCrc64(bytes));
    expect(BigInt(engine.crc32c(bytes))).toBe(referenceCrc32c(bytes));
    expect(engine.crc32(bytes)).toBe(zlibCrc32(bytes));
  };
  test.each(LENGTHS)("%i bytes", matches);
  test.each(LONG_LENGTHS)("%i bytes", { tags: ["slow"] }, matches);

  test("any length and any pieces", { tags: ["slow"] }, () => {
    fc.assert(
      fc.property(fc.nat(30_000), fc.array(fc.nat(30_000), { maxLength: 4 }), fc.nat(60), (length, cuts, skip) => {
        const bytes = noise.subarray(skip, skip + length);
        const ends = [...cuts.filter((cut) => cut < length).sort((a, b) => a - b), length];
        let [crc64, crc32, crc32c, at] = [0n, 0, 0, 0];
        for (const end of ends) {
          crc64 = engine.crc64nvme(bytes.subarray(at, end), crc64);
          crc32 = engine.crc32(bytes.subarray(at, end), crc32);
          crc32c = engine.crc32c(bytes.subarray(at, end), crc32c);
          at = end;
        }
        expect(crc64).toBe(referenceCrc64(bytes));
        expect(BigInt(crc32)).toBe(referenceCrc32(bytes));
        expect(BigInt(crc32c)).toBe(referenceCrc32c(bytes));
      }),
      { numRuns: 15 },
    );
  });

  test("a single bit anywhere in a long message", { tags: ["slow"] }, () => {
    const zeros = new Uint8Array(90_000);
    fc.assert(
      fc.property(fc.nat(90_000 * 8 - 1), (bit) => {
        zeros[bit >> 3] = 1 << (bit & 7);
        const crcs = [engine.crc64nvme(zeros), BigInt(engine.crc32c(zeros)), BigInt(engine.crc32(zeros))];
        const expected = [referenceCrc64(zeros), referenceCrc32c(zeros), BigInt(zlibCrc32(zeros))];
        zeros[bit >> 3] = 0;
        expect(crcs).toEqual(expected);
      }),
      { numRuns: 5 },
    );
  });
});

describe("streaming checksums", () => {
  const EXPECTED: Record<ChecksumName, string> = {
    crc32: "cbf43926",
    crc32c: "e3069283",
    crc64nvme: "ae8b14860a799888",
    sha1: createHash("sha1").update(CHECK).digest("hex"),
    sha256: createHash("sha256").update(CHECK).digest("hex"),
    sha512: createHash("sha512").update(CHECK).digest("hex"),
    md5: createHash("md5").update(CHECK).digest("hex"),
    // By xxHash 0.8.4.
    xxhash64: "8cb841db40e6ae83",
    xxhash3: "72dcb18b67a17dff",
    xxhash128: "33119477ede5dcd5e9716427681d5860",
  };

  test.each(Object.entries(EXPECTED))("%s", (name, expected) => {
    const whole = createChecksum(name as ChecksumName, engine);
    whole.update(CHECK);
    expect(Buffer.from(whole.digest()).toString("hex")).toBe(expected);
    const piecewise = createChecksum(name as ChecksumName, engine);
    for (const byte of CHECK) piecewise.update(Uint8Array.of(byte));
    piecewise.update(new Uint8Array(0));
    expect(Buffer.from(piecewise.digest()).toString("hex")).toBe(expected);
  });

  test("two at once do not mix", () => {
    const [one, two] = [createChecksum("crc64nvme", engine), createChecksum("crc64nvme", engine)];
    one.update(CHECK.subarray(0, 4));
    two.update(noise.subarray(0, 100));
    one.update(CHECK.subarray(4));
    expect(Buffer.from(one.digest()).toString("hex")).toBe(EXPECTED.crc64nvme);
  });
});
