import fc from "fast-check";
import { expect, test } from "vitest";
import { type CrcName, combineCrc } from "../../src/erasure/combine.ts";
import { createEngine } from "../support/kernel.ts";
import { referenceCrc32, referenceCrc32c, referenceCrc64 } from "./reference.ts";

const engine = await createEngine(1);

const REFERENCE: Record<CrcName, (bytes: Uint8Array) => bigint> = {
  crc32: referenceCrc32,
  crc32c: referenceCrc32c,
  crc64nvme: referenceCrc64,
};
const NAMES = Object.keys(REFERENCE) as CrcName[];

test.each(NAMES)("%s of two runs from theirs", (name) => {
  const run = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(run, run, (first, second) => {
      const crcOf = REFERENCE[name];
      const whole = crcOf(Uint8Array.from([...first, ...second]));
      expect(combineCrc(name, crcOf(first), crcOf(second), second.length)).toBe(whole);
    }),
  );
});

test.each(NAMES)("%s of runs that are too long to try: associative", (name) => {
  const value = fc.bigInt({ min: 0n, max: (1n << (name === "crc64nvme" ? 64n : 32n)) - 1n });
  const length = fc.integer({ min: 0, max: 2 ** 51 });
  fc.assert(
    fc.property(value, value, value, length, length, (a, b, c, bBytes, cBytes) => {
      const left = combineCrc(name, combineCrc(name, a, b, bBytes), c, cBytes);
      const right = combineCrc(name, a, combineCrc(name, b, c, cBytes), bBytes + cBytes);
      expect(left).toBe(right);
    }),
  );
});

test("CRC-64 of a gigabyte of zeros, by doubling and in one step", () => {
  const chunk = engine.crc64nvme(new Uint8Array(1 << 20));
  let doubled = chunk;
  for (let bytes = 1 << 20; bytes < 1 << 30; bytes *= 2) doubled = combineCrc("crc64nvme", doubled, doubled, bytes);
  let appended = chunk;
  for (let i = 1; i < 1024; i++) appended = combineCrc("crc64nvme", appended, chunk, 1 << 20);
  expect(appended).toBe(doubled);
});
