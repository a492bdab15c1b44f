import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  customerWrapper,
  dataKeyWrapper,
  type KeyWrapper,
  type ObjectEncryption,
  type ObjectPlace,
  openUnder,
  openUnderRoot,
  rootWrapper,
} from "../../src/sealing/object-encryption.ts";
import { ObjectKey } from "../../src/sealing/object-key.ts";
import { rootSealer } from "../../src/sealing/root-sealer.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));
const sealer = rootSealer(["the root key of this test, long enough"], random);
const under = random(32);
const place: ObjectPlace = { bucket: "photos", bucketId: 7, key: "a/b", versionId: "01J" };
const dataKey = { form: "aws:kms", keyArn: "arn", dataKey: "AA==", context: {}, bucketKey: false } as const;

const FORMS: [string, KeyWrapper, (row: ObjectEncryption, at: ObjectPlace) => ObjectKey | null][] = [
  ["SSE-S3", rootWrapper(sealer), (row, at) => openUnderRoot(sealer, row, at)],
  ["SSE-KMS", dataKeyWrapper(under, dataKey, random), (row, at) => openUnder(under, row, at)],
  ["SSE-C", customerWrapper(under, "md5", random), (row, at) => openUnder(under, row, at)],
];

describe.each(FORMS)("a key sealed for %s", (_, wrapper, open) => {
  const key = ObjectKey.fresh(random);
  const row = wrapper.wrap(key, place);
  const plain = (one: ObjectKey | null) => one?.wrap((bytes) => Buffer.from(bytes).toString("hex"));

  test("opens at its place", () => {
    expect(plain(open(row, place))).toBe(plain(key));
    expect(JSON.stringify(row)).not.toContain(plain(key) ?? "");
  });

  test.each([{ bucket: "other" }, { bucketId: 8 }, { key: "a/c" }, { versionId: "01K" }])(
    "does not open at another: %j",
    (other) => {
      expect(open(row, { ...place, ...other })).toBeNull();
    },
  );

  test("does not open if a character of it is another one", () => {
    for (let at = 0; at < row.sealed.length - 1; at++) {
      const other = row.sealed[at] === "A" ? "B" : "A";
      const sealed = row.sealed.slice(0, at) + other + row.sealed.slice(at + 1);
      expect(open({ ...row, sealed }, place)).toBeNull();
    }
    for (const sealed of ["", "A", row.sealed.slice(0, 20)]) expect(open({ ...row, sealed }, place)).toBeNull();
  });
});

test("another client's key, and another root key, open nothing", () => {
  const key = ObjectKey.fresh(random);
  expect(openUnder(random(32), customerWrapper(under, "md5", random).wrap(key, place), place)).toBeNull();
  const other = rootSealer(["another root key, which is long enough"], random);
  expect(openUnderRoot(other, rootWrapper(sealer).wrap(key, place), place)).toBeNull();
});

test("the form of two layers gives a key of two layers", () => {
  const wrapper = dataKeyWrapper(under, { ...dataKey, form: "aws:kms:dsse" }, random);
  expect(openUnder(under, wrapper.wrap(ObjectKey.fresh(random, 2), place), place)?.layers).toBe(2);
});
