import { expect, test } from "vitest";
import { authorise } from "../../../src/auth/authorise.ts";
import { rootKeyRing } from "../../../src/auth/keys/ring.ts";
import { firstAccount, rootOf } from "../../../src/auth/principal.ts";

test("the root key is found by its id alone", () => {
  const ring = rootKeyRing("ID", "SECRET");
  expect(ring?.find("ID")).toMatchObject({
    secret: "SECRET",
    principal: { kind: "root", canonicalId: firstAccount.canonicalId },
  });
  expect(ring?.find("id")).toBeUndefined();
  expect(ring?.find("")).toBeUndefined();
});

test("half a key is no key", () => {
  for (const [id, secret] of [
    [undefined, "s"],
    ["i", undefined],
    ["", "s"],
    ["i", ""],
  ]) {
    expect(rootKeyRing(id, secret)).toBeNull();
  }
});

test("ids of owners have the form of S3's", () => {
  expect(firstAccount.canonicalId).toMatch(/^[0-9a-f]{64}$/);
});

test("the root account may do everything, anonymous callers nothing", () => {
  const request = { action: "s3:GetObject", bucket: "b", key: "k" };
  expect(authorise({ ...request, principal: { kind: "anonymous" } }).allowed).toBe(false);
  expect(authorise({ ...request, principal: rootOf(firstAccount) }).allowed).toBe(true);
});
