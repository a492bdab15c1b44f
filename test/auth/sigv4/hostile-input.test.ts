import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AwsChunkedDecoder } from "../../../src/auth/sigv4/aws-chunked-decoder.ts";
import { parseBodyFraming } from "../../../src/auth/sigv4/body-framing.ts";
import { canonicalRequests } from "../../../src/auth/sigv4/canonical-request.ts";
import { parseSignature } from "../../../src/auth/sigv4/parse-signature.ts";
import { SigningKeyCache } from "../../../src/auth/sigv4/signing-keys.ts";
import { verifySignature } from "../../../src/auth/sigv4/verify-signature.ts";
import { translateSignatureFailure } from "../../../src/services/s3/errors/translate-signature.ts";
import { anyText } from "../../support/any-text.ts";
import { accepted, example, headOf, signExample } from "./support/request.ts";

const text = anyText({ maxLength: 60 });
/** Pieces of real requests, put together at random, reach further than noise does. */
const crumbs = fc
  .array(
    fc.oneof(
      text,
      fc.constantFrom(
        "AWS4-HMAC-SHA256 ",
        "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request",
        "SignedHeaders=host;x-amz-date;x-amz-content-sha256",
        `Signature=${"0".repeat(64)}`,
        ",",
        "&",
        "=",
        "%",
        "%2",
        "+",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
        "X-Amz-Date=20130524T000000Z",
        "X-Amz-Expires=60",
        "X-Amz-SignedHeaders=host",
        `X-Amz-Signature=${"0".repeat(64)}`,
        "AWS ",
        "AKIAIOSFODNN7EXAMPLE:",
        "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE",
        "Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D",
        "Expires=2147483647",
        "x-amz-meta-%ff=%ff",
      ),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(""));

test("no head makes anything throw, and none of these is accepted", () => {
  const headers = fc.dictionary(
    fc.constantFrom(
      "authorization",
      "host",
      "x-amz-date",
      "date",
      "x-amz-content-sha256",
      "x-amz-meta-a",
      "content-md5",
    ),
    fc.oneof(crumbs, fc.constantFrom("20130524T000000Z", "UNSIGNED-PAYLOAD")),
  );
  fc.assert(
    fc.property(text, crumbs, headers, (rawPath, rawQuery, given) => {
      const head = { method: "GET", rawPath, rawQuery, headers: new Map(Object.entries(given)) };
      const parsed = parseSignature(head);
      if (parsed.ok && parsed.value.kind === "anonymous") return;
      const outcome = parsed.ok
        ? verifySignature(parsed.value as never, head, { ...example, keys: new SigningKeyCache() })
        : parsed;
      if (outcome.ok) throw new Error("accepted");
      expect(translateSignatureFailure(outcome.failure).code).toMatch(/^[A-Za-z]+$/);
    }),
    { numRuns: 2000 },
  );
});

test("a request has sixty forms at most, each of a size like its own", () => {
  const headers = { "accept-encoding": "identity", "x-amz-meta-a": "1, 2", "x-amz-b": "3, 4", expect: "" };
  const parts = signExample({ url: "https://h/b/a+b%2fc", headers });
  const head = { ...headOf(parts), acceptEncodingOriginal: "gzip, br" };
  (head.headers as Map<string, string>).delete("expect");
  const signed = accepted(parseSignature(head));
  if (signed.kind !== "signed") throw new Error(signed.kind);
  const forms = [...canonicalRequests(signed, head)].map(({ text }) => text);
  expect(forms.length).toBe(60);
  expect(new Set(forms).size).toBe(60);
  for (const form of forms) expect(form.length).toBeLessThan(parts.canonicalRequest.length * 2);
});

test("no bytes make the decoder throw or hand out more than was announced", () => {
  const crumb = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom(
        "\r\n",
        "\n",
        "0\r\n",
        "5\r\n",
        "5\r\nhello\r\n",
        "0;",
        "x-amz-checksum-crc32:AAAAAA==\r\n",
        "ffffffff\r\n",
      )
      .map((line) => Buffer.from(line)),
  );
  const headers = new Map([
    ["x-amz-decoded-content-length", "5"],
    ["x-amz-trailer", "x-amz-checksum-crc32"],
  ]);
  const framing = accepted(parseBodyFraming(headers, { kind: "streaming-unsigned-trailer" }));
  if (framing.kind !== "aws-chunked") throw new Error(framing.kind);
  let complete = 0;
  fc.assert(
    fc.property(fc.array(crumb, { maxLength: 10 }), (pieces) => {
      const decoder = new AwsChunkedDecoder(framing, null);
      const sizeBytes = pieces.flatMap((piece) => decoder.push(piece)).reduce((sum, slice) => sum + slice.length, 0);
      expect(sizeBytes).toBeLessThanOrEqual(5);
      const ended = decoder.end();
      if (!ended.ok) return;
      complete += 1;
      expect(sizeBytes).toBe(5);
      expect(ended.value.has("x-amz-checksum-crc32")).toBe(true);
    }),
    {
      numRuns: 3000,
      examples: [[["5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"].map((line) => Buffer.from(line))]],
    },
  );
  expect(complete).toBeGreaterThan(0);
});
