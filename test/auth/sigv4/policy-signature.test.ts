import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parsePolicySignature, verifyPolicySignature } from "../../../src/auth/sigv4/policy-signature.ts";
import { SigningKeyCache } from "../../../src/auth/sigv4/signing-keys.ts";

/** AWS's example: "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)". Lines end with CRLF. */
const example = {
  secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  credential: "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
  policy: [
    '{ "expiration": "2015-12-30T12:00:00.000Z",',
    '  "conditions": [',
    '    {"bucket": "sigv4examplebucket"},',
    '    ["starts-with", "$key", "user/user1/"],',
    '    {"acl": "public-read"},',
    '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},',
    '    ["starts-with", "$Content-Type", "image/"],',
    '    {"x-amz-meta-uuid": "14365123651274"},',
    '    {"x-amz-server-side-encryption": "AES256"},',
    '    ["starts-with", "$x-amz-meta-tag", ""],',
    "",
    '    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},',
    '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},',
    '    {"x-amz-date": "20151229T000000Z" }',
    "  ]",
    "}",
  ].join("\r\n"),
  signature: "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e",
};

const policy = Buffer.from(example.policy).toString("base64");
const v4 = {
  policy,
  "x-amz-algorithm": "AWS4-HMAC-SHA256",
  "x-amz-credential": example.credential,
  "x-amz-date": "20151229T000000Z",
  "x-amz-signature": example.signature,
};
const v2 = {
  policy,
  awsaccesskeyid: "AKIAIOSFODNN7EXAMPLE",
  signature: createHmac("sha1", example.secret).update(policy).digest("base64"),
};

type Fields = Record<string, string | undefined>;
const parse = (fields: Fields) =>
  parsePolicySignature(new Map(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] != null)));
function verify(fields: Fields, { secret = example.secret, keys = new SigningKeyCache() } = {}) {
  const parsed = parse(fields);
  if (!parsed.ok || parsed.value === null) throw new Error("the form is not signed");
  return verifyPolicySignature(parsed.value, { secret, keys });
}
const refusal = (fields: Fields) => {
  const parsed = parse(fields);
  return parsed.ok ? undefined : parsed.failure;
};

describe("a signed form", () => {
  test("AWS's example is accepted", () => {
    expect(verify(v4)).toEqual({ ok: true, value: null });
  });

  test("Version 2 is accepted", () => {
    expect(verify(v2)).toEqual({ ok: true, value: null });
  });

  test.each([
    ["Version 4", v4],
    ["Version 2", v2],
  ])("%s: any change is noticed", (_, fields) => {
    const signatureName = "signature" in fields ? "signature" : "x-amz-signature";
    expect(verify(fields, { secret: "another" })).toMatchObject({ ok: false });
    for (const name of ["policy", signatureName]) {
      const text = (fields as Fields)[name] ?? "";
      for (const changed of [text.slice(1), `${text}=`, text.replace(/^./, (char) => (char === "a" ? "b" : "a"))]) {
        const sent: Fields = { ...fields, [name]: changed };
        expect(verify(sent)).toEqual({
          ok: false,
          failure: {
            kind: "signatureDoesNotMatch",
            subject: { part: "policy" },
            accessKeyId: "AKIAIOSFODNN7EXAMPLE",
            signatureProvided: sent[signatureName],
            stringToSign: sent.policy,
          },
        });
      }
    }
  });

  test.each(["20151230", "20141229"])("of another day (%s) is another key", (day) => {
    expect(verify({ ...v4, "x-amz-credential": example.credential.replace("20151229", day) })).toMatchObject({
      ok: false,
    });
  });

  test("only a right signature puts a key into the cache", () => {
    const keys = new SigningKeyCache();
    verify({ ...v4, "x-amz-signature": "0".repeat(64) }, { keys });
    expect(keys.size).toBe(0);
    verify(v4, { keys });
    expect(keys.size).toBe(1);
    expect(verify(v4, { keys })).toEqual({ ok: true, value: null });
    expect(verify({ ...v4, "x-amz-signature": "0".repeat(64) }, { keys })).toMatchObject({ ok: false });
  });

  test("names its key, and the token of temporary credentials", () => {
    expect(parse({ ...v4, "x-amz-security-token": "token" })).toMatchObject({
      value: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", sessionToken: "token", scope: { date: "20151229" } },
    });
    expect(parse(v2)).toMatchObject({ value: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", scope: null } });
    const { ok, value } = parse(v4) as { ok: true; value: object };
    expect(ok).toBe(true);
    expect(value).not.toHaveProperty("sessionToken");
  });
});

describe("the fields of a signature", () => {
  test("are all there or none", () => {
    expect(parse({ key: "k" })).toEqual({ ok: true, value: null });
    expect(parse({ key: "k", policy })).toEqual({ ok: true, value: null });
  });

  test.each([
    [{ ...v4, "x-amz-algorithm": undefined, "x-amz-credential": undefined }, "X-Amz-Algorithm"],
    [{ ...v4, "x-amz-credential": undefined }, "X-Amz-Credential"],
    [{ ...v4, "x-amz-credential": "" }, "X-Amz-Credential"],
    [{ ...v4, "x-amz-date": undefined }, "X-Amz-Date"],
    [{ ...v4, "x-amz-signature": undefined }, "X-Amz-Signature"],
    [{ ...v4, policy: undefined }, "policy"],
    [{ ...v2, awsaccesskeyid: undefined }, "AWSAccessKeyId"],
    [{ ...v2, signature: undefined }, "Signature"],
    [{ ...v2, policy: undefined }, "policy"],
  ])("%#: one that is missing is named", (fields, name) => {
    expect(refusal(fields)).toEqual({ kind: "missingFormField", name });
  });

  test("have the form that Version 4 gives them", () => {
    expect(refusal({ ...v4, "x-amz-algorithm": "AWS4-ECDSA-P256-SHA256" })).toEqual({
      kind: "unknownFormAlgorithm",
      algorithm: "AWS4-ECDSA-P256-SHA256",
    });
    expect(refusal({ ...v4, "x-amz-date": "2015-12-29" })).toEqual({ kind: "malformedFormDate", value: "2015-12-29" });
    for (const [value, detail] of [
      ["AKID/20151229/us-east-1/s3", { problem: "shape" }],
      ["AKID/20151229/us-east-1/ec2/aws4_request", { problem: "service", found: "ec2" }],
      ["AKID/20151329/us-east-1/s3/aws4_request", { problem: "date", found: "20151329" }],
      ["AKID/20151229/us-east-1/s3/aws5", { problem: "terminal", found: "aws5" }],
    ] as const) {
      expect(refusal({ ...v4, "x-amz-credential": value })).toEqual({
        kind: "malformedFormCredential",
        value,
        detail,
      });
    }
  });
});
