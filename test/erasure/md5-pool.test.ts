import { createHash, type Hash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChecksum } from "../../src/erasure/checksum.ts";
import type { ErasureEngine } from "../../src/erasure/engine.ts";
import type { Md5 } from "../../src/erasure/md5-pool.ts";
import { createEngine } from "../support/kernel.ts";
import { pseudoRandom } from "./samples.ts";

const KIB = 1024;
const PAGE_BYTES = 32 * KIB;
const noise = pseudoRandom(3 * KIB * KIB, 5);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const reference = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

function opened(engine: ErasureEngine): Md5 {
  const md5 = engine.openMd5();
  if (md5 === null) throw new Error("no message can be opened");
  return md5;
}

/** Beside a reference: the digests of both. */
class Checked {
  readonly #ours: Md5;
  readonly #theirs: Hash = createHash("md5");

  constructor(engine: ErasureEngine) {
    this.#ours = opened(engine);
  }

  update(bytes: Uint8Array): void {
    this.#ours.update(bytes);
    this.#theirs.update(bytes);
  }

  check(): void {
    expect(hex(this.#ours.digest())).toBe(this.#theirs.digest("hex"));
  }

  release(): void {
    this.#ours.release();
  }
}

describe("one message", async () => {
  const engine = await createEngine(1);

  test("the values of RFC 1321", () => {
    const values = {
      "": "d41d8cd98f00b204e9800998ecf8427e",
      abc: "900150983cd24fb0d6963f7d28e17f72",
      "message digest": "f96b697d7cb7938d525a2f31aaf161d0",
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890":
        "57edf4a22be3c955ac49da2e2107b67a",
    };
    for (const [text, value] of Object.entries(values)) {
      const md5 = opened(engine);
      md5.update(new TextEncoder().encode(text));
      expect(hex(md5.digest())).toBe(value);
    }
  });

  test("every length up to 300", () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = noise.subarray(length, 2 * length);
      const md5 = opened(engine);
      md5.update(bytes);
      expect(hex(md5.digest()), `${length} bytes`).toBe(reference(bytes));
    }
  });

  const ends = [1, 2, 16, 17, 40].flatMap((pages) =>
    [-9, -8, -1, 0, 1, 55, 56, 64].map((more) => pages * PAGE_BYTES + more),
  );
  test.each(ends)("%i bytes", (length) => {
    const bytes = noise.subarray(3, 3 + length);
    const md5 = opened(engine);
    md5.update(bytes);
    expect(hex(md5.digest())).toBe(reference(bytes));
  });
});

describe("several messages", async () => {
  const engine = await createEngine(1);
  const idle = engine.idleMd5s;

  test.each(Array.from({ length: 20 }, (_, i) => i + 1))("%i, piece by piece in turn", (count) => {
    const messages = Array.from({ length: count }, () => new Checked(engine));
    for (let turn = 0; turn < 12; turn++) {
      messages.forEach((message, i) => {
        const from = 1000 * i + 40_000 * turn;
        message.update(noise.subarray(from, from + 40_000 + (turn % 3)));
      });
    }
    for (const message of messages) message.check();
    expect(engine.idleMd5s).toEqual(idle);
  });

  test("of any lengths, in any pieces, interleaved in any order, some of them abandoned", () => {
    const lengths = fc.oneof(
      fc.nat(200),
      fc.nat(3 * PAGE_BYTES),
      fc.constantFrom(64, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, 8 * PAGE_BYTES),
    );
    const event = fc.record({
      what: fc.oneof({ weight: 12, arbitrary: fc.constant("update") }, fc.constantFrom("digest", "release")),
      who: fc.nat(19),
      from: fc.nat(1000),
      length: lengths,
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(event, { minLength: 20, maxLength: 150 }),
        (count, events) => {
          const messages = new Map<number, Checked>();
          for (const { what, who, from, length } of events) {
            const id = who % count;
            const message = messages.get(id) ?? new Checked(engine);
            messages.set(id, message);
            if (what === "update") message.update(noise.subarray(from, from + length));
            else messages.delete(id);
            if (what === "digest") message.check();
            if (what === "release") message.release();
          }
          for (const message of messages.values()) message.check();
          expect(engine.idleMd5s).toEqual(idle);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("long ones beside some that stand still", () => {
    const still = Array.from({ length: 9 }, () => new Checked(engine));
    for (const message of still) message.update(noise.subarray(7, 5 * PAGE_BYTES + 20));
    const long = Array.from({ length: 3 }, () => new Checked(engine));
    for (let turn = 0; turn < 12; turn++) {
      long.forEach((message, i) => {
        message.update(noise.subarray(i, noise.length - turn));
      });
    }
    for (const message of [...long, ...still]) message.check();
    expect(engine.idleMd5s).toEqual(idle);
  });
});

describe("what messages hold", () => {
  test("as many as can be open get along with the pages that there are; one more is computed elsewhere", async () => {
    const engine = await createEngine(1);
    const idle = engine.idleMd5s;
    const messages = Array.from({ length: idle.messages }, () => new Checked(engine));
    expect(engine.openMd5()).toBeNull();
    const elsewhere = createChecksum("md5", engine);
    for (const message of messages) message.update(noise.subarray(0, PAGE_BYTES - 1));
    // One less than there are lanes, which is what full pages wait for.
    for (const message of messages.slice(0, 7)) message.update(noise.subarray(0, 15 * PAGE_BYTES));
    for (let turn = 0; turn < 4; turn++)
      for (const message of messages) message.update(noise.subarray(turn, 5 * PAGE_BYTES));
    elsewhere.update(noise);
    for (const message of messages) message.check();
    expect(hex(elsewhere.digest())).toBe(reference(noise));
    expect(engine.idleMd5s).toEqual(idle);
  });

  test("comes back at the end, once", async () => {
    const engine = await createEngine(1);
    const idle = engine.idleMd5s;
    const [digested, released] = [opened(engine), opened(engine)];
    for (const md5 of [digested, released]) md5.update(noise.subarray(0, 100_000));
    expect(engine.idleMd5s.messages).toBe(idle.messages - 2);
    expect(engine.idleMd5s.pages).toBeLessThan(idle.pages);
    digested.digest();
    released.release();
    for (const md5 of [digested, released]) {
      md5.release();
      expect(() => md5.update(noise)).toThrow("ended");
      expect(() => md5.digest()).toThrow("ended");
    }
    expect(engine.idleMd5s).toEqual(idle);
  });

  test("comes back when a forgotten message is collected", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const engine = await createEngine(1);
    const idle = engine.idleMd5s;
    const company = new Checked(engine);
    company.update(noise.subarray(0, 10));
    opened(engine).update(noise.subarray(0, 5 * PAGE_BYTES + 1));
    expect(engine.idleMd5s.messages).toBe(idle.messages - 2);
    for (let attempt = 0; attempt < 100 && engine.idleMd5s.messages < idle.messages - 1; attempt++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect(engine.idleMd5s).toEqual({ messages: idle.messages - 1, pages: idle.pages - 1 });
    company.update(noise);
    company.check();
    expect(engine.idleMd5s).toEqual(idle);
  });
});
