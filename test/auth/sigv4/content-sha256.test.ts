import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { checkContentSha256 } from "../../../src/auth/sigv4/content-sha256.ts";
import { parseSignature } from "../../../src/auth/sigv4/parse-signature.ts";
import { accepted, headOf, signExample } from "./support/request.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("the hash that was signed is the hash of the body", () => {
  const parts = signExample({ method: "PUT", body: "Welcome to Amazon S3." });
  const { payload } = accepted(parseSignature(headOf(parts)));
  if (payload.kind !== "hash") throw new Error(payload.kind);
  expect(checkContentSha256(payload.sha256Hex, sha256("Welcome to Amazon S3.")).ok).toBe(true);
  expect(checkContentSha256(payload.sha256Hex, sha256("Welcome to Amazon S4."))).toEqual({
    ok: false,
    failure: {
      kind: "contentSha256Mismatch",
      declared: sha256("Welcome to Amazon S3."),
      computed: sha256("Welcome to Amazon S4."),
    },
  });
});

test("a hash in capitals is the same hash", () => {
  const text = sha256("body").toUpperCase();
  const { payload } = accepted(parseSignature(headOf(signExample({ payload: { mode: "literal", text } }))));
  expect(payload).toEqual({ kind: "hash", sha256Hex: sha256("body") });
});
