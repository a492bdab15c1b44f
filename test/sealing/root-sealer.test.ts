import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { rootSealer } from "../../src/sealing/root-sealer.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));
const sealer = rootSealer(["root secret"], random);

describe("a sealed secret", () => {
  const sealed = sealer.seal("access-key", "AKIA1", "a secret é");

  test("is opened by whoever has the root secret, for what it belongs to", () => {
    expect(sealer.open("access-key", "AKIA1", sealed)).toBe("a secret é");
    expect(rootSealer(["root secret"], random).open("access-key", "AKIA1", sealed)).toBe("a secret é");
    expect(sealer.isCurrent(sealed)).toBe(true);
  });

  test("is printable, holds nothing readable, and is another one each time", () => {
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(sealed, "base64url").includes(Buffer.from("secret"))).toBe(false);
    expect(sealer.seal("access-key", "AKIA1", "a secret é")).not.toBe(sealed);
  });

  test("stays shut for another key, another purpose, another root secret", () => {
    expect(sealer.open("access-key", "AKIA2", sealed)).toBeNull();
    expect(sealer.open("session", "AKIA1", sealed)).toBeNull();
    const other = rootSealer(["another root secret"], random);
    expect(other.open("access-key", "AKIA1", sealed)).toBeNull();
    expect(other.isCurrent(sealed)).toBe(false);
  });

  test("stays shut if any character is another, missing or too much", () => {
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === "A" ? "B" : "A";
      expect(sealer.open("access-key", "AKIA1", sealed.slice(0, at) + other + sealed.slice(at + 1))).toBeNull();
      expect(sealer.open("access-key", "AKIA1", sealed.slice(0, at) + sealed.slice(at + 1))).toBeNull();
      expect(sealer.open("access-key", "AKIA1", sealed.slice(0, at))).toBeNull();
    }
    for (const more of ["A", "=", " ", "\n", "."]) expect(sealer.open("access-key", "AKIA1", sealed + more)).toBeNull();
  });
});

test("the previous root secret still opens, and is told from the current one", () => {
  const old = sealer.seal("access-key", "AKIA1", "x");
  const rotated = rootSealer(["new root secret", "root secret"], random);
  expect(rotated.open("access-key", "AKIA1", old)).toBe("x");
  expect(rotated.isCurrent(old)).toBe(false);
  const fresh = rotated.seal("access-key", "AKIA1", "x");
  expect(rotated.isCurrent(fresh)).toBe(true);
  expect(sealer.open("access-key", "AKIA1", fresh)).toBeNull();
});
