import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { parseSignature } from "../../../src/auth/sigv4/parse-signature.ts";
import type { RequestHead } from "../../../src/auth/sigv4/request-head.ts";
import { commonSigningRules } from "../../../src/auth/sigv4/signing-rules.ts";
import { accepted, example, headOf, refusal, signExample } from "./support/request.ts";

type Change = (
  head: {
    -readonly [K in keyof RequestHead]: K extends "headers" ? Map<string, string> : RequestHead[K];
  },
) => void;

/** A rightly signed head with something changed afterwards; the signature is not looked at here. */
function changed(change: Change, form: "header" | "query" = "header"): RequestHead {
  const parts = signExample(form === "query" ? { presign: { expiresSeconds: 60 } } : {});
  const head = { ...headOf(parts), headers: new Map(Object.entries(parts.headers)) };
  change(head);
  return head;
}

function withAuthorization(edit: (authorization: string) => string): RequestHead {
  return changed((head) => head.headers.set("authorization", edit(head.headers.get("authorization") as string)));
}

function withQuery(edit: (query: string) => string): RequestHead {
  return changed((head) => {
    head.rawQuery = edit(head.rawQuery);
  }, "query");
}

const kindOf = (head: RequestHead) => refusal(parseSignature(head)).kind;

test("a request without a signature is anonymous", () => {
  const bare = { method: "GET", rawPath: "/", rawQuery: "list-type=2&Expires=1", headers: new Map([["host", "h"]]) };
  expect(accepted(parseSignature(bare))).toEqual({ kind: "anonymous", payload: { kind: "unsigned" } });
  const streamed = new Map([["x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]]);
  expect(accepted(parseSignature({ ...bare, headers: streamed })).payload.kind).toBe("streaming-unsigned-trailer");
});

test("an anonymous request cannot have signed chunks", () => {
  const headers = new Map([["x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]]);
  const head = { method: "PUT", rawPath: "/", rawQuery: "", headers };
  expect(kindOf(head)).toBe("contentSha256NeedsSignature");
});

test("all parts of an Authorization header are read", () => {
  const parts = signExample({ region: "moon-south-7", sessionToken: "token", headers: { "X-Amz-Acl": "private" } });
  expect(accepted(parseSignature(headOf(parts)))).toEqual({
    kind: "signed",
    via: "header",
    accessKeyId: example.accessKeyId,
    scope: { date: "20130524", region: "moon-south-7", service: "s3" },
    signedHeaders: ["host", "x-amz-acl", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"],
    signature: parts.signature,
    timestampMs: example.nowMs,
    timestampText: "20130524T000000Z",
    sessionToken: "token",
    payload: { kind: "hash", sha256Hex: parts.headers["x-amz-content-sha256"] },
    payloadText: parts.headers["x-amz-content-sha256"],
  });
});

test("all parameters of a presigned URL are read", () => {
  const parts = signExample({ presign: { expiresSeconds: 604_800 }, sessionToken: "a/b+c=" });
  expect(accepted(parseSignature(headOf(parts)))).toMatchObject({
    via: "query",
    signedHeaders: ["host"],
    signature: parts.signature,
    expiresSeconds: 604_800,
    sessionToken: "a/b+c=",
    payload: { kind: "unsigned" },
    payloadText: "UNSIGNED-PAYLOAD",
  });
});

test("a presigned URL of another service than S3 signs the digest of its body, whatever a header says", () => {
  const presigned = (change: Change) =>
    changed((head) => {
      head.rawQuery = head.rawQuery.replace("%2Fs3%2F", "%2Fsts%2F");
      change(head);
    }, "query");
  const signedText = (head: RequestHead) => {
    const parsed = accepted(parseSignature(head, commonSigningRules("sts")));
    return parsed.kind === "signed" ? parsed.payloadText : null;
  };
  const ofNothing = createHash("sha256").digest("hex");
  expect(signedText(presigned(() => {}))).toBe(ofNothing);
  expect(signedText(presigned((head) => head.headers.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD")))).toBe(ofNothing);
  const bodySha256Hex = "ab".repeat(32);
  expect(signedText(presigned((head) => Object.assign(head, { bodySha256Hex })))).toBe(bodySha256Hex);
});

test("a presigned URL without a session token has none", () => {
  expect(accepted(parseSignature(changed(() => {}, "query")))).not.toHaveProperty("sessionToken");
});

test.each([
  ["without spaces after commas", (text: string) => text.replaceAll(", ", ",")],
  ["with more spaces", (text: string) => text.replaceAll(", ", " ,   ").replace(" Credential", "   Credential")],
  ["in another order", (text: string) => text.replace(/ (Credential=.*), (SignedHeaders=.*), (S.*)$/, " $3, $1, $2")],
  ["with a comma at the end", (text: string) => `${text},`],
])("the components of an Authorization header may stand %s", (_name, edit) => {
  const head = withAuthorization(edit);
  expect(accepted(parseSignature(head))).toMatchObject({ accessKeyId: example.accessKeyId });
});

test.each<[string, RequestHead, string]>([
  ["SigV4A header", withAuthorization((text) => text.replace("HMAC", "ECDSA-P256")), "unsupportedMechanism"],
  ["SigV4A query", withQuery((query) => query.replace("HMAC", "ECDSA-P256")), "unsupportedMechanism"],
  ["another scheme", withAuthorization(() => "Basic dTpw"), "unknownAuthorizationScheme"],
  ["no scheme", withAuthorization(() => "AWS4-HMAC-SHA256"), "authorizationWithoutScheme"],
  ["empty header", withAuthorization(() => ""), "authorizationWithoutScheme"],
  [
    "header and query",
    changed((head) => {
      head.headers.set("authorization", "AWS4-HMAC-SHA256 Credential=a");
    }, "query"),
    "severalMechanisms",
  ],
])("mechanism: %s", (_name, head, kind) => {
  expect(kindOf(head)).toBe(kind);
});

test.each<[string, (text: string) => string, object]>([
  ["no Credential", (text) => text.replace(/Credential=[^,]*,/, ""), { component: "Credential" }],
  ["no SignedHeaders", (text) => text.replace(/SignedHeaders=[^,]*,/, ""), { component: "SignedHeaders" }],
  ["no Signature", (text) => text.replace(/Signature=.*/, ""), { component: "Signature" }],
  ["empty Signature", (text) => text.replace(/Signature=.*/, "Signature="), { component: "Signature" }],
])("Authorization: %s", (_name, edit, detail) => {
  expect(refusal(parseSignature(withAuthorization(edit)))).toEqual({
    kind: "missingAuthorizationComponent",
    ...detail,
  });
});

test.each<[string, (text: string) => string]>([
  ["an unknown component", (text) => `${text}, Extra=1`],
  ["a component twice", (text) => `${text}, Signature=00`],
  ["a component without a value", (text) => `${text}, Signature`],
  ["the whole header twice", (text) => `${text}, ${text}`],
])("Authorization: %s", (_name, edit) => {
  expect(kindOf(withAuthorization(edit))).toBe("malformedAuthorizationComponent");
});

const credentials: [string, string, object][] = [
  ["too few parts", "AKID/20130524/us-east-1/s3", { problem: "shape" }],
  ["too many parts", "A/KID/20130524/us-east-1/s3/aws4_request", { problem: "shape" }],
  ["no key id", "/20130524/us-east-1/s3/aws4_request", { problem: "shape" }],
  ["no region", "AKID/20130524//s3/aws4_request", { problem: "shape" }],
  ["another service", "AKID/20130524/us-east-1/ec2/aws4_request", { problem: "service", found: "ec2" }],
  ["another ending", "AKID/20130524/us-east-1/s3/aws5", { problem: "terminal", found: "aws5" }],
  ["a long date", "AKID/20130524T00/us-east-1/s3/aws4_request", { problem: "date", found: "20130524T00" }],
  ["a day that is none", "AKID/20130231/us-east-1/s3/aws4_request", { problem: "date", found: "20130231" }],
  [
    "another day",
    "AKID/20130523/us-east-1/s3/aws4_request",
    { problem: "otherDay", credentialDate: "20130523", requestDate: "20130524" },
  ],
];

test.each(credentials)("credential with %s, in the header and in the query", (_name, credential, detail) => {
  const inHeader = withAuthorization((text) => text.replace(/Credential=[^,]*/, `Credential=${credential}`));
  expect(refusal(parseSignature(inHeader))).toEqual({ kind: "malformedCredential", via: "header", detail });
  const escaped = encodeURIComponent(credential);
  const inQuery = withQuery((query) => query.replace(/X-Amz-Credential=[^&]*/, `X-Amz-Credential=${escaped}`));
  expect(refusal(parseSignature(inQuery))).toEqual({ kind: "malformedCredential", via: "query", detail });
});

test.each(["host;host", "Host", "host;", ";host", "host;x amz", "host;a\nb", "host;a:b"])(
  "signed headers %j are malformed",
  (list) => {
    const inHeader = withAuthorization((text) => text.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`));
    expect(refusal(parseSignature(inHeader))).toEqual({ kind: "malformedSignedHeaders", via: "header" });
    const escaped = `X-Amz-SignedHeaders=${encodeURIComponent(list)}`;
    const inQuery = withQuery((query) => query.replace(/X-Amz-SignedHeaders=[^&]*/, escaped));
    expect(refusal(parseSignature(inQuery))).toEqual({ kind: "malformedSignedHeaders", via: "query" });
  },
);

test.each([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
])("query: %s must be there, with a value, once", (name) => {
  const missing = { kind: "missingPresignParameters", names: [name] };
  const gone = withQuery((query) => query.replace(new RegExp(`${name}=[^&]*`), ""));
  expect(refusal(parseSignature(gone))).toEqual(missing);
  const empty = withQuery((query) => query.replace(new RegExp(`${name}=[^&]*`), `${name}=`));
  expect(refusal(parseSignature(empty))).toEqual(missing);
  const twice = withQuery((query) => `${query}&${name.replace("A", "%41")}=1`);
  expect(refusal(parseSignature(twice))).toEqual({ kind: "repeatedPresignParameter", name });
});

test.each<[text: string, outcome: number | { problem: string }]>([
  ["0", 0],
  ["1", 1],
  ["604800", 604_800],
  ["604801", { problem: "tooLarge" }],
  ["999999999999999999", { problem: "tooLarge" }],
  ["-1", { problem: "negative" }],
  ["1.5", { problem: "notANumber" }],
  ["1e3", { problem: "notANumber" }],
  ["0x10", { problem: "notANumber" }],
  ["soon", { problem: "notANumber" }],
])("query: X-Amz-Expires=%s", (text, outcome) => {
  const parsed = parseSignature(headOf(signExample({ presign: { expiresSeconds: text } })));
  if (typeof outcome === "number") expect(accepted(parsed)).toMatchObject({ expiresSeconds: outcome });
  else expect(refusal(parsed)).toEqual({ kind: "malformedPresignExpires", ...outcome });
});

test("query: an unknown algorithm and a date of another form", () => {
  expect(kindOf(withQuery((query) => query.replace("SHA256", "SHA512")))).toBe("unknownPresignAlgorithm");
  expect(kindOf(withQuery((query) => query.replace("20130524T000000Z", "2013-05-24")))).toBe("malformedPresignDate");
  const asymmetric = withQuery((query) => query.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"));
  expect(refusal(parseSignature(asymmetric))).toEqual({ kind: "unsupportedMechanism", mechanism: "sigv4a-query" });
});

test("query: a header that names the digest of the body must have the form of one", () => {
  const head = (form: "header" | "query") =>
    changed((some) => some.headers.set("x-amz-content-sha256", "no digest"), form);
  expect(kindOf(head("query"))).toBe(kindOf(head("header")));
});

test.each<[name: string, change: Change, kind: string | null]>([
  ["x-amz-date in another form", (head) => head.headers.set("x-amz-date", "2013-05-24T00:00:00Z"), "missingDate"],
  ["x-amz-date of no real time", (head) => head.headers.set("x-amz-date", "20130524T006000Z"), "missingDate"],
  ["x-amz-date as HTTP date", (head) => head.headers.set("x-amz-date", "Fri, 24 May 2013 00:00:00 GMT"), "missingDate"],
  ["no date at all", (head) => head.headers.delete("x-amz-date"), "missingDate"],
  [
    "Date alone",
    (head) => {
      head.headers.delete("x-amz-date");
      head.headers.set("date", "Fri, 24 May 2013 00:00:00 GMT");
    },
    null,
  ],
  [
    "Date alone, basic form",
    (head) => {
      head.headers.delete("x-amz-date");
      head.headers.set("date", "20130524T000000Z");
    },
    null,
  ],
  [
    "Date alone, another form",
    (head) => {
      head.headers.delete("x-amz-date");
      head.headers.set("date", "May 24 2013");
    },
    "missingDate",
  ],
  ["no x-amz-content-sha256", (head) => head.headers.delete("x-amz-content-sha256"), "missingContentSha256"],
  ["its value unknown", (head) => head.headers.set("x-amz-content-sha256", "abc"), "invalidContentSha256"],
  ["its value empty", (head) => head.headers.set("x-amz-content-sha256", ""), "invalidContentSha256"],
  [
    "its value of SigV4A",
    (head) => head.headers.set("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"),
    "unsupportedContentSha256",
  ],
])("head: %s", (_name, change, kind) => {
  const parsed = parseSignature(changed(change));
  if (kind === null) expect(accepted(parsed)).toMatchObject({ timestampMs: example.nowMs });
  else expect(refusal(parsed).kind).toBe(kind);
});

test.each(["header", "query"] as const)("headers that must be signed (%s)", (form) => {
  const notSigned = (name: string) => {
    const parsed = parseSignature(changed((head) => head.headers.set(name, "v"), form));
    return parsed.ok ? [] : parsed.failure.kind === "headersNotSigned" ? parsed.failure.names : [parsed.failure.kind];
  };
  expect(notSigned("x-amz-copy-source")).toEqual(["x-amz-copy-source"]);
  expect(notSigned("x-amz-meta-a")).toEqual(["x-amz-meta-a"]);
  expect(notSigned("x-amz-security-token")).toEqual(["x-amz-security-token"]);
  expect(notSigned("content-md5")).toEqual(["content-md5"]);
  for (const name of ["content-type", "range", "user-agent", "x-amzn-trace-id", "x-amz-cf-id", "x-forwarded-for"]) {
    expect(notSigned(name)).toEqual([]);
  }
});

test("host must be signed; an unsigned x-amz-content-sha256 is part of the signature anyway", () => {
  const withoutHost = signExample({ unsignedHeaders: ["host"], headers: { "x-amz-acl": "private" } });
  expect(refusal(parseSignature(headOf(withoutHost)))).toEqual({ kind: "headersNotSigned", names: ["host"] });
  expect(parseSignature(headOf(signExample({ unsignedHeaders: ["x-amz-content-sha256"] }))).ok).toBe(true);
});
