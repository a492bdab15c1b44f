import { expect, test } from "vitest";
import { anonymousCaller } from "../../../src/auth/caller.ts";
import { rootRing } from "../../../src/auth/keys/ring.ts";
import { rootKey } from "../../../src/auth/keys/root-key.ts";
import { firstAccount, rootOf } from "../../../src/auth/principal.ts";

const facts = { context: () => undefined, now: () => 0 };

test("the root key is found by its id alone, and has no token", async () => {
  const ring = rootRing(rootKey("ID", "SECRET"));
  const found = await ring?.find("ID", undefined);
  if (found?.kind !== "key") throw new Error("the root key was not found");
  expect(found.secret).toBe("SECRET");
  expect(found.caller(facts)).toMatchObject({ principal: rootOf(firstAccount), session: null, guard: null });
  expect(ring?.find("id", undefined)).toEqual({ kind: "unknown" });
  expect(ring?.find("", undefined)).toEqual({ kind: "unknown" });
  expect(ring?.find("ID", "token")).toEqual({ kind: "bad-token" });
});

test("half a key is no key", () => {
  for (const [id, secret] of [
    [undefined, "s"],
    ["i", undefined],
    ["", "s"],
    ["i", ""],
  ]) {
    expect(rootRing(rootKey(id, secret))).toBeNull();
  }
});

test("ids of owners have the form of S3's, ids of accounts that of AWS's", () => {
  expect(firstAccount.canonicalId).toMatch(/^[0-9a-f]{64}$/);
  expect(firstAccount.accountId).toMatch(/^\d{12}$/);
});

test("the root of an account may do everything in its account, anonymous callers nothing", () => {
  const ask = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", resourceAccountId: firstAccount.accountId };
  const root = rootKey("ID", "SECRET")?.caller(facts);
  expect(root?.decide(ask).allowed).toBe(true);
  expect(root?.decide({ ...ask, resourceAccountId: "111122223333" }).allowed).toBe(false);
  expect(anonymousCaller(facts).decide(ask).allowed).toBe(false);
});
