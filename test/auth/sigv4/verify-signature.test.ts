import { expect, test } from "vitest";
import { parseSignature } from "../../../src/auth/sigv4/parse-signature.ts";
import type { SignedRequest } from "../../../src/auth/sigv4/request-head.ts";
import { deriveSigningKey, SigningKeyCache } from "../../../src/auth/sigv4/signing-keys.ts";
import { spendVerification } from "../../../src/auth/sigv4/verify-signature.ts";
import { accepted, authenticate, example, headOf, refusal, signExample } from "./support/request.ts";

const minute = 60_000;

test("a verified signature yields what chunks are chained to", () => {
  const parts = signExample({ region: "eu-west-3" });
  const scope = { date: "20130524", region: "eu-west-3", service: "s3" } as const;
  expect(accepted(authenticate(headOf(parts))).verified).toEqual({
    signingKey: deriveSigningKey(example.secret, scope),
    seedSignature: parts.signature,
    form: { plus: "space", joinedHeaders: [] },
    timestamp: "20130524T000000Z",
    scope: "20130524/eu-west-3/s3/aws4_request",
    accessKeyId: example.accessKeyId,
  });
});

test.each([
  [-15 * minute, true],
  [15 * minute, true],
  [-15 * minute - 1, false],
  [15 * minute + 1, false],
])("a clock that is off by %i ms: accepted %s", (offsetMs, isAccepted) => {
  const nowMs = example.nowMs + offsetMs;
  const outcome = authenticate(headOf(signExample({})), { nowMs });
  expect(outcome.ok).toBe(isAccepted);
  if (!isAccepted) {
    expect(refusal(outcome)).toEqual({
      kind: "requestTimeTooSkewed",
      requestTime: "20130524T000000Z",
      serverTimeMs: nowMs,
      skewMaxMs: 900_000,
    });
  }
});

test("a presigned URL counts from its own time, with the skew before it only", () => {
  const head = headOf(signExample({ presign: { expiresSeconds: 60 } }));
  const at = (offsetMs: number) => authenticate(head, { nowMs: example.nowMs + offsetMs });
  expect(at(0).ok).toBe(true);
  expect(at(59_999).ok).toBe(true);
  expect(refusal(at(60_000))).toEqual({
    kind: "presignedExpired",
    expiresSeconds: 60,
    expiredAtMs: example.nowMs + 60_000,
    serverTimeMs: example.nowMs + 60_000,
  });
  expect(at(-15 * minute).ok).toBe(true);
  expect(refusal(at(-15 * minute - 1)).kind).toBe("presignedNotYetValid");
});

test("a presigned URL of zero seconds has expired", () => {
  expect(refusal(authenticate(headOf(signExample({ presign: { expiresSeconds: 0 } })))).kind).toBe("presignedExpired");
});

test.each<[string, Parameters<typeof signExample>[0]]>([
  ["path", { hooks: { canonicalRequest: (text) => text.replace("/test.txt", "/tesT.txt") } }],
  ["method", { hooks: { canonicalRequest: (text) => text.replace("GET", "PUT") } }],
  ["a header", { headers: { range: "bytes=0-9" }, hooks: { canonicalRequest: (text) => text.replace("0-9", "0-8") } }],
  ["the payload hash", { hooks: { canonicalRequest: (text) => text.replace(/[0-9a-f]{64}$/, "UNSIGNED-PAYLOAD") } }],
  ["the scope", { hooks: { stringToSign: (text) => text.replace("us-east-1", "us-east-2") } }],
  ["the time", { hooks: { stringToSign: (text) => text.replace("T000000Z", "T000001Z") } }],
  ["the secret", { secret: `${example.secret}x` }],
  [
    "the signature's last digit",
    { hooks: { signature: (hex) => hex.replace(/.$/, (last) => (last === "0" ? "1" : "0")) } },
  ],
  ["the signature's length", { hooks: { signature: (hex) => hex.slice(0, -1) } }],
  ["the signature's case", { hooks: { signature: (hex) => hex.toUpperCase() } }],
  ["the signature, not being hexadecimal", { hooks: { signature: () => "é".repeat(32) } }],
])("a signature over something else is refused: %s", (_name, changes) => {
  expect(refusal(authenticate(headOf(signExample(changes)))).kind).toBe("signatureDoesNotMatch");
  const presigned = signExample({ ...changes, presign: { expiresSeconds: 60 }, payload: { mode: "hash" } });
  expect(refusal(authenticate(headOf(presigned))).kind).toBe("signatureDoesNotMatch");
});

test("any change to a presigned URL is noticed", () => {
  const parts = signExample({
    url: "https://h/b/k?response-content-type=a&versionId=1",
    presign: { expiresSeconds: 60 },
  });
  for (const [from, to] of [
    ["response-content-type=a", "response-content-type=b"],
    ["&versionId=1", ""],
    ["/b/k", "/b/kk"],
    ["X-Amz-Expires=60", "X-Amz-Expires=61"],
    ["us-east-1", "us-east-2"],
    ["versionId=1", "versionId=1&partNumber=1"],
  ] as const) {
    const url = parts.url.replace(from, to);
    expect(url).not.toBe(parts.url);
    expect(refusal(authenticate(headOf({ ...parts, url }))).kind).toBe("signatureDoesNotMatch");
  }
});

test("a refusal says what we would have signed, and never the secret or a key derived from it", () => {
  const parts = signExample({ secret: "wrong" });
  const failure = refusal(authenticate(headOf(parts)));
  expect(failure).toEqual({
    kind: "signatureDoesNotMatch",
    subject: { part: "head" },
    accessKeyId: example.accessKeyId,
    signatureProvided: parts.signature,
    stringToSign: parts.stringToSign,
    canonicalRequest: parts.canonicalRequest,
  });
  const right = signExample({}).signature;
  expect(JSON.stringify(failure)).not.toContain(example.secret);
  expect(JSON.stringify(failure)).not.toContain(right);
});

test("of the forms that were tried, a refusal shows the request as it arrived", () => {
  const parts = signExample({ url: "https://h/b/a+b%2Fc", secret: "wrong" });
  expect(refusal(authenticate(headOf(parts)))).toMatchObject({
    canonicalRequest: expect.stringContaining("GET\n/b/a+b%2Fc\n"),
    stringToSign: parts.stringToSign,
  });
});

test("a payload hash in the query of a presigned URL is what was signed", () => {
  const hash = "0".repeat(64);
  const parts = signExample({
    method: "PUT",
    url: `https://h/b/k?X-Amz-Content-Sha256=${hash}`,
    presign: { expiresSeconds: 60 },
    hooks: { canonicalRequest: (text) => text.replace(/UNSIGNED-PAYLOAD$/, hash) },
  });
  expect(accepted(authenticate(headOf(parts))).signed.payload).toEqual({ kind: "hash", sha256Hex: hash });
});

test("the cache changes no verdict and takes in only keys that have verified something", () => {
  const keys = new SigningKeyCache();
  const good = headOf(signExample({}));
  expect(authenticate(headOf(signExample({ secret: "wrong" })), { keys }).ok).toBe(false);
  expect(keys.size).toBe(0);
  expect(authenticate(good, { keys }).ok).toBe(true);
  expect(keys.size).toBe(1);
  expect(authenticate(good, { keys }).ok).toBe(true);
  expect(authenticate(good, { keys, secret: "another" }).ok).toBe(false);
  expect(authenticate(headOf(signExample({ secret: "wrong" })), { keys }).ok).toBe(false);
  expect(authenticate(headOf(signExample({ region: "eu-west-3" })), { keys }).ok).toBe(true);
  expect(keys.size).toBe(2);
});

test("the cache drops the key that has not been used for longest", () => {
  const keys = new SigningKeyCache(2);
  const scope = (region: string) => ({ date: "20130524", region, service: "s3" }) as const;
  const key = deriveSigningKey("s", scope("a"));
  keys.remember("s", scope("a"), key);
  keys.remember("s", scope("b"), key);
  keys.find("s", scope("a"));
  keys.remember("s", scope("c"), key);
  expect(keys.find("s", scope("b"))).toBeUndefined();
  expect(keys.find("s", scope("a"))).toBe(key);
  expect(keys.find("s", scope("c"))).toBe(key);
  keys.remember("s", scope("c"), key);
  expect(keys.size).toBe(2);
});

test("for an unknown key id the time is judged as for a known one, and no signature is accepted", () => {
  const head = headOf(signExample({}));
  const signed = accepted(parseSignature(head)) as SignedRequest;
  expect(spendVerification(signed, head, { nowMs: example.nowMs })).toEqual({ ok: true, value: null });
  const late = spendVerification(signed, head, { nowMs: example.nowMs + 16 * minute });
  expect(refusal(late).kind).toBe("requestTimeTooSkewed");
  const url = headOf(signExample({ presign: { expiresSeconds: 60 } }));
  const presigned = accepted(parseSignature(url)) as SignedRequest;
  expect(refusal(spendVerification(presigned, url, { nowMs: example.nowMs + minute })).kind).toBe("presignedExpired");
});
