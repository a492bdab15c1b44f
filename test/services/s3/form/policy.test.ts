import { describe, expect, test } from "vitest";
import { S3Error } from "../../../../src/services/s3/errors/error.ts";
import { checkPolicy } from "../../../../src/services/s3/form/check-policy.ts";
import { parsePolicyDocument } from "../../../../src/services/s3/form/policy-document.ts";

const nowMs = Date.UTC(2026, 0, 1);
const expiration = "2026-01-01T00:00:01Z";
const encode = (text: string) => Buffer.from(text).toString("base64");

/** Sends a form with these fields against a policy; gives the range of sizes, or the error. */
function check(conditions: unknown, fields: Record<string, string> = {}, document: Record<string, unknown> = {}) {
  const policy = encode(JSON.stringify({ expiration, conditions, ...document }));
  return checkText(policy, fields);
}

function checkText(policy: string, fields: Record<string, string> = {}) {
  const named = new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), { name, value }]));
  try {
    return checkPolicy(parsePolicyDocument(policy), { fields: named, bucket: "bucket", nowMs });
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const accepted = { minBytes: 0, maxBytes: Number.MAX_SAFE_INTEGER };
const failed = (condition: string) =>
  `AccessDenied: Invalid according to Policy: Policy Condition failed: ${condition}`;
const invalid = (problem: string) => `InvalidPolicyDocument: Invalid Policy: ${problem}`;

describe("a condition", () => {
  test.each<[unknown, Record<string, string>, unknown]>([
    [{ key: "a" }, { key: "a" }, accepted],
    [{ key: "a" }, { key: "A" }, failed('["eq", "$key", "a"]')],
    [{ key: "a" }, {}, failed('["eq", "$key", "a"]')],
    [["eq", "$key", "a"], { key: "a" }, accepted],
    [["eq", "$key", "a"], { key: "ab" }, failed('["eq", "$key", "a"]')],
    [["eq", "key", "a"], { key: "a" }, failed('["eq", "key", "a"]')],
    [["eq", "$", ""], {}, failed('["eq", "$", ""]')],
    [["starts-with", "$key", "user/"], { key: "user/eric" }, accepted],
    [["starts-with", "$key", "user/"], { key: "User/eric" }, failed('["starts-with", "$key", "user/"]')],
    [["starts-with", "$key", ""], { key: "anything" }, accepted],
    [["starts-with", "$x-amz-meta-foo", "bar"], {}, failed('["starts-with", "$x-amz-meta-foo", "bar"]')],
    [["starts-with", "$x-amz-meta-foo", ""], {}, accepted],
    [["eq", "$x-amz-meta-foo", ""], { "x-amz-meta-foo": "bar" }, failed('["eq", "$x-amz-meta-foo", ""]')],
    [["StArTs-WiTh", "$KeY", "foo"], { kEy: "foobar" }, accepted],
    [{ "X-Amz-Algorithm": "AWS4-HMAC-SHA256" }, { "x-amz-algorithm": "AWS4-HMAC-SHA256" }, accepted],
    [{ bucket: "bucket" }, {}, accepted],
    [{ bucket: "bucket" }, { bucket: "bucket" }, accepted],
    [{ bucket: "other" }, { bucket: "other" }, failed('["eq", "$bucket", "other"]')],
    [["starts-with", "$Content-Type", "image/"], { "Content-Type": "image/png, image/gif" }, accepted],
    [
      ["starts-with", "$Content-Type", "image/"],
      { "Content-Type": "image/png,text/html" },
      failed('["starts-with", "$Content-Type", "image/"]'),
    ],
    [["starts-with", "$key", "\\$foo"], { key: "\\$foo.txt" }, accepted],
    [["eq", "$Content-Disposition", 'filename="a"'], {}, failed('["eq", "$Content-Disposition", "filename=\\"a\\""]')],
  ])("%j of %j", (condition, fields, expected) => {
    expect(check([condition], fields)).toEqual(expected);
  });

  test("must hold besides the others", () => {
    const conditions = [
      ["starts-with", "$key", "a"],
      ["starts-with", "$key", "ab"],
    ];
    expect(check(conditions, { key: "abc" })).toEqual(accepted);
    expect(check(conditions, { key: "acb" })).toBe(failed('["starts-with", "$key", "ab"]'));
  });

  test("on the length gives the range", () => {
    expect(check([["content-length-range", 5, 10]])).toEqual({ minBytes: 5, maxBytes: 10 });
    expect(check([["Content-Length-Range", "5", "10"]])).toEqual({ minBytes: 5, maxBytes: 10 });
    const twice = [
      ["content-length-range", 0, 10],
      ["content-length-range", 5, 20],
    ];
    expect(check(twice)).toEqual({ minBytes: 5, maxBytes: 10 });
    expect(check([["content-length-range", "test", "10"]])).toBe(failed('["content-length-range", "test", "10"]'));
  });
});

describe("a field that no condition names", () => {
  test("is refused, by its name as it was sent", () => {
    expect(check([{ key: "k" }], { key: "k", StorageClass: "x", acl: "private" })).toBe(
      "AccessDenied: Invalid according to Policy: Extra input fields: StorageClass, acl",
    );
    expect(check([{ bucket: "bucket" }], { key: "k" })).toContain("Extra input fields: key");
    // A condition without its dollar sign, and one on the length, name no field.
    expect(check([["content-length-range", 0, 1]], { "content-length-range": "x" })).toContain("Extra input fields");
  });

  test("may sign, be ignored, or make the upload stricter", () => {
    const free = {
      policy: "x",
      "X-Amz-Signature": "x",
      AWSAccessKeyId: "x",
      signature: "x",
      "x-ignore-anything": "x",
      "x-amz-checksum-sha256": "x",
      "Content-MD5": "x",
    };
    expect(check([], free)).toEqual(accepted);
    expect(check([], { "x-ignor": "x" })).toContain("Extra input fields");
    expect(check([], { "x-amz-credential": "x" })).toContain("Extra input fields");
  });
});

describe("the end of a policy", () => {
  test("is exact", () => {
    expect(check([], {}, { expiration: "2026-01-01T00:00:00.001Z" })).toEqual(accepted);
    for (const past of ["2026-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z"]) {
      expect(check([], {}, { expiration: past })).toBe("AccessDenied: Invalid according to Policy: Policy expired.");
    }
  });

  test.each(["2026-13-01T00:00:00Z", "2027-01-01 00:00:00Z", "2027-01-01T00:00:00+02:00", "2027-01-01", "", 2027])(
    "%j is none",
    (value) => {
      expect(check([], {}, { expiration: value })).toBe(invalid(`Invalid 'expiration' value: '${value}'`));
    },
  );
});

describe("a policy is refused", () => {
  test.each<[unknown, string]>([
    [{}, "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."],
    [{ a: "1", b: "2" }, "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."],
    [{ a: 1 }, "Invalid Simple-Condition: value must be a string."],
    [[], "Invalid Condition: missing operation identifier."],
    [["in", "$key", "a"], "Invalid Condition: unknown operation 'in'."],
    [["eq", "$key"], "Invalid eq: wrong number of arguments."],
    [["content-length-range", 0], "Invalid content-length-range: wrong number of arguments."],
    [["content-length-range", -1, 0], "Invalid content-length-range: negative length."],
    [["content-length-range", 0, 1.5], "Invalid JSON."],
    [["content-length-range", 0, null], "Invalid JSON."],
    [["eq", "$key", 1], "Invalid JSON."],
    ["text", "Invalid condition test: must be a List or Object."],
    [null, "Invalid condition test: must be a List or Object."],
  ])("with the condition %j", (condition, problem) => {
    expect(check([condition])).toBe(invalid(problem));
  });

  test("without its parts, or with others", () => {
    expect(check(undefined)).toBe(invalid("Policy missing conditions."));
    expect(check({})).toBe(invalid("Invalid 'conditions' value: must be a List."));
    expect(check([], {}, { expiration: undefined })).toBe(invalid("Policy missing expiration."));
    expect(check([], {}, { Statement: [] })).toBe(invalid("Unexpected: 'statement'"));
    expect(check(undefined, {}, { CONDITIONS: [] })).toBe(invalid("Unexpected: 'conditions'"));
  });

  test("where it is no document", () => {
    for (const text of ["", "[]", "null", "1", "{", '{"expiration": }', "\ufffe"]) {
      expect(checkText(encode(text))).toBe(invalid("Invalid JSON."));
    }
    expect(checkText(Buffer.from([0xff, 0xfe]).toString("base64"))).toBe(invalid("Invalid JSON."));
    for (const text of ["%%%", "a=b", "{}"]) expect(checkText(text)).toBe(invalid("invalid Base64 encoding."));
  });
});

test("a policy may be written as AWS's documentation writes it", () => {
  const text = `{ "expiration": "${expiration}",\r\n "conditions": [ {"bucket": "bucket" },\n ["eq", "$key", "a,]\\$\\v\\\\"], ] }`;
  expect(checkText(encode(text), { key: "a,]$\v\\" })).toEqual(accepted);
  const lines = (encode(text).match(/.{1,20}/g) ?? []).join("\n");
  expect(checkText(lines, { key: "a,]$\v\\" })).toEqual(accepted);
});
