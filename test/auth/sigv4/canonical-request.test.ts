import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  canonicalPaths as canonicalForms,
  canonicalQuery,
  parseQuery,
} from "../../../src/auth/sigv4/percent-encoding.ts";
import type { RequestHead } from "../../../src/auth/sigv4/request-head.ts";
import { anyText } from "../../support/any-text.ts";
import { awsEncode, basicTime, objectPath } from "../../support/signer.ts";
import { accepted, authenticate, example, headOf, refusal, signExample } from "./support/request.ts";

const host = "examplebucket.s3.amazonaws.com";

const oddKeys = [
  "plain.txt",
  "a//b",
  "/leading",
  "trailing/",
  "with space",
  "plus+plus",
  "percent%2Fin%20key%",
  "emoji 💥 ünïcödé",
  "ሴ",
  "semi;colon=and&amp?question#hash",
  "quotes'\"!()*",
  "tilde~dash-dot.under_",
  "back\\slash|pipe^`{}<>",
  "...",
  ".hidden/..two",
  "é".repeat(512),
  "k".repeat(1024),
  "line\nbreak\ttab",
];

/** What the WHATWG URL parser, through which every request goes, makes of a URL. */
function asParsed(url: string): string {
  return new URL(url).href;
}

test.each(oddKeys)("key %j: signed in header and URL, as an SDK sends it and as the URL parser hands it on", (key) => {
  const url = `https://${host}${objectPath("bucket", key)}`;
  for (const presign of [undefined, { expiresSeconds: 60 }]) {
    const parts = signExample({ url, ...(presign ? { presign } : {}) });
    expect(authenticate(headOf(parts)).ok).toBe(true);
    expect(authenticate(headOf({ ...parts, url: asParsed(parts.url) })).ok).toBe(true);
  }
});

const keys = anyText({ minLength: 1, maxLength: 40 });
/** Keys that no URL parser resolves: no segment is `.` or `..`. */
const keysWithoutDots = keys.filter((key) => !key.split("/").some((segment) => /^\.{1,2}$/.test(segment)));

test("any key: our signer", () => {
  fc.assert(
    fc.property(keys, (key) => {
      const parts = signExample({ url: `https://${host}${objectPath("b", key)}` });
      expect(authenticate(headOf(parts)).ok).toBe(true);
    }),
  );
});

test("any key: aws4fetch, header and query", async () => {
  await fc.assert(
    fc.asyncProperty(keysWithoutDots, fc.boolean(), async (key, signQuery) => {
      const signer = new AwsV4Signer({
        url: `https://${host}${objectPath("b", key)}`,
        method: "GET",
        accessKeyId: example.accessKeyId,
        secretAccessKey: example.secret,
        service: "s3",
        region: "auto",
        datetime: basicTime(example.nowMs),
        signQuery,
      });
      const { url, headers } = await signer.sign();
      const sent = { method: "GET", url: url.href, headers: { ...Object.fromEntries(headers), host } };
      expect(authenticate(headOf(sent)).ok).toBe(true);
    }),
  );
});

/** The SHA-256 that the SDK's signer asks for, by node:crypto. */
class Sha256 {
  #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === "string" ? secret : Buffer.from((secret ?? []) as Uint8Array);
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", key);
  }
  update(data: Uint8Array | string) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {}
}

interface Signed {
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}

const sdkSigner = new SignatureV4({
  credentials: { accessKeyId: example.accessKeyId, secretAccessKey: example.secret },
  region: "us-west-2",
  service: "s3",
  sha256: Sha256 as never,
  uriEscapePath: false,
});

test("any key, query and header: the SDK for JavaScript, header and query", async () => {
  const word = anyText({ maxLength: 12 });
  const query = fc.dictionary(
    word.filter((name) => name !== "" && name !== "__proto__" && !/^x-amz-/i.test(name)),
    fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 })),
    { maxKeys: 4 },
  );
  const metadata = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(keysWithoutDots, query, metadata, fc.boolean(), async (key, given, meta, presigned) => {
      const request = {
        method: "PUT",
        protocol: "https:",
        hostname: host,
        path: objectPath("b", key),
        query: given,
        headers: { host, "x-amz-meta-a": meta, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      };
      const signingDate = new Date(example.nowMs);
      const signed: Signed = presigned
        ? await sdkSigner.presign(request as never, { signingDate, expiresIn: 60 })
        : ((await sdkSigner.sign(request as never, { signingDate })) as unknown as Signed);
      const pieces = Object.entries(signed.query ?? {}).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).map((one) => `${awsEncode(name)}=${awsEncode(one ?? "")}`),
      );
      const url = `https://${host}${signed.path}?${pieces.join("&")}`;
      const sent = { method: "PUT", url, headers: { ...signed.headers, host } };
      expect(authenticate(headOf(sent)).ok).toBe(true);
    }),
  );
});

test("a path may arrive with other escapes than were signed, as long as it names the same key", () => {
  const parts = signExample({ url: `https://${host}/b/a-b%20c%2Bd~/e%2Ff` });
  const arrives = (path: string) => authenticate({ ...headOf(parts), rawPath: path }).ok;
  expect(arrives("/b/a-b%20c%2Bd~/e%2Ff")).toBe(true);
  expect(arrives("/b/%61%2Db%20c%2bd%7E/e%2ff")).toBe(true);
  expect(arrives("/b/a-b%20c+d~/e%2Ff")).toBe(true);
  expect(arrives("/b/a-b%20c%2Bd~/e/f")).toBe(false);
  // A raw plus is a space to S3, a plus to clients that sign it so: whatever was signed is what it is.
  expect(arrives("/b/a-b+c%2Bd~/e%2Ff")).toBe(true);
  expect(arrives("/b/a-b+c+d~/e%2Ff")).toBe(false);
  expect(arrives("/b/a-b%2520c%2Bd~/e%2Ff")).toBe(false);
});

test("an escaped slash may have been signed as a slash, which is how S3 sees it", () => {
  const parts = signExample({ url: `https://${host}/b/e/f` });
  expect(authenticate({ ...headOf(parts), rawPath: "/b/e%2Ff" }).ok).toBe(true);
});

test("the forms of a path are at most five, without repetition, the path itself first", () => {
  const canonicalPaths = (path: string) => canonicalForms(path).map((form) => form.path);
  expect(canonicalPaths("")).toEqual(["/"]);
  expect(canonicalPaths("/a//b/")).toEqual(["/a//b/"]);
  const plus = ["/a%20b%2Fc", "/a%20b/c", "/a%2Bb%2Fc", "/a%2Bb/c"];
  expect(canonicalPaths("/a+b%2fc")).toEqual(["/a+b%2fc", ...plus]);
  expect(canonicalForms("/a+b%2fc").map((form) => form.plus)).toEqual(["space", "space", "space", "plus", "plus"]);
  expect(canonicalPaths("/100%/%zz/%f")).toEqual(["/100%/%zz/%f", "/100%25/%25zz/%25f"]);
  expect(canonicalPaths("/%ff%FE")).toEqual(["/%ff%FE", "/%FF%FE"]);
  expect(canonicalPaths("/ሴ")).toEqual(["/%E1%88%B4"]);
  expect(canonicalPaths("/a\nb")).toEqual(["/a%0Ab"]);
});

test.each([
  ["", ""],
  ["lifecycle", "lifecycle="],
  ["b=2&a=1", "a=1&b=2"],
  ["a=2&a=1&a", "a=&a=1&a=2"],
  ["a-b=1&a=2", "a=2&a-b=1"],
  ["prefix=a+b", "prefix=a%20b"],
  ["prefix=a%20b", "prefix=a%20b"],
  ["prefix=a%2Bb", "prefix=a%2Bb"],
  ["prefix=a/b*c'd", "prefix=a%2Fb%2Ac%27d"],
  ["k=a=b", "k=a%3Db"],
  ["&&a=1&", "a=1"],
  ["a=%zz%41%7e", "a=%25zzA~"],
  ["=v", "=v"],
])("the query %j becomes %j", (raw, canonical) => {
  expect(canonicalQuery(parseQuery(raw))).toBe(canonical);
});

test("a query is accepted whichever way its spaces are written, and a plus is no escaped plus", () => {
  const parts = signExample({ url: `https://${host}/?prefix=a%20b` });
  const arrives = (rawQuery: string) => authenticate({ ...headOf(parts), rawQuery }).ok;
  expect(arrives("prefix=a+b")).toBe(true);
  expect(arrives("prefix=a%20b")).toBe(true);
  expect(arrives("prefix=a%2Bb")).toBe(false);
});

function withHeaders(head: RequestHead, changes: Record<string, string | null>): RequestHead {
  const headers = new Map(head.headers);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return { ...head, headers };
}

test("a signed Accept-Encoding is verified as the client sent it, not as the platform rewrote it", () => {
  const head = headOf(signExample({ headers: { "accept-encoding": "identity" } }));
  expect(authenticate(head).ok).toBe(true);
  const rewritten = withHeaders(head, { "accept-encoding": "gzip, br" });
  expect(authenticate(rewritten).ok).toBe(false);
  expect(authenticate({ ...rewritten, acceptEncodingOriginal: "identity" }).ok).toBe(true);
  expect(authenticate({ ...rewritten, acceptEncodingOriginal: "gzip" }).ok).toBe(false);
});

test("the original Accept-Encoding is of no effect where it is not signed", () => {
  const head = withHeaders(headOf(signExample({})), { "accept-encoding": "gzip, br" });
  expect(authenticate({ ...head, acceptEncodingOriginal: "identity" }).ok).toBe(true);
});

test.each([
  ["expect", "100-continue"],
  ["transfer-encoding", "chunked"],
  ["content-length", "0"],
])("a signed %s that was taken off on the way counts as %s", (name, value) => {
  const lost = (signedValue: string) =>
    authenticate(withHeaders(headOf(signExample({ headers: { [name]: signedValue } })), { [name]: null })).ok;
  expect(lost(value)).toBe(true);
  expect(lost("")).toBe(true);
  expect(lost("something else")).toBe(false);
});

test("what came with a length was not chunked on the way, whatever was signed", () => {
  const withLength = (signedValue: string) => {
    const head = headOf(signExample({ headers: { "transfer-encoding": signedValue, "content-length": "3" } }));
    return authenticate(withHeaders(head, { "transfer-encoding": null })).ok;
  };
  expect(withLength("")).toBe(true);
  expect(withLength("chunked")).toBe(false);
});

test("the signature tells how lists were signed: those of metadata, or all", () => {
  const signed = { "x-amz-meta-a": "one,two", "x-amz-meta-b": "three", "cache-control": "no-cache, max-age=0" };
  const head = headOf(signExample({ headers: signed }));
  const form = (changes: Record<string, string>) => accepted(authenticate(withHeaders(head, changes))).verified.form;
  expect(form({})).toEqual({ plus: "space", joinedHeaders: [] });
  expect(form({ "x-amz-meta-a": "one, two" })).toEqual({ plus: "space", joinedHeaders: ["x-amz-meta-a"] });
  const all = headOf(signExample({ headers: { ...signed, "cache-control": "no-cache,max-age=0" } }));
  const joined = withHeaders(all, { "x-amz-meta-a": "one, two", "cache-control": "no-cache, max-age=0" });
  expect(accepted(authenticate(joined)).verified.form.joinedHeaders).toEqual(["cache-control", "x-amz-meta-a"]);
});

test("the signature tells what a raw plus in the path stands for", () => {
  const plusOf = (signedPath: string) => {
    const head = headOf(signExample({ url: `https://${host}${signedPath}` }));
    return accepted(authenticate({ ...head, rawPath: "/b/a+b" })).verified.form.plus;
  };
  expect(plusOf("/b/a+b")).toBe("space");
  expect(plusOf("/b/a%20b")).toBe("space");
  expect(plusOf("/b/a%2Bb")).toBe("plus");
});

test("a signed header that is gone counts as empty, and the refusal shows it so", () => {
  const head = withHeaders(headOf(signExample({ headers: { range: "bytes=0-9" } })), { range: null });
  expect(refusal(authenticate(head))).toMatchObject({
    kind: "signatureDoesNotMatch",
    canonicalRequest: expect.stringContaining("\nrange:\n"),
  });
});

test("white space in a value is collapsed, and lists are taken with and without a space after the comma", () => {
  const head = headOf(signExample({ headers: { "x-amz-meta-list": "a,b c" } }));
  expect(authenticate(withHeaders(head, { "x-amz-meta-list": "  a, b   c " })).ok).toBe(true);
  expect(authenticate(withHeaders(head, { "x-amz-meta-list": "a,b" })).ok).toBe(false);
});

test("values that are not ASCII are signed as UTF-8", () => {
  expect(authenticate(headOf(signExample({ headers: { "x-amz-meta-name": "Žluťoučký 馬" } }))).ok).toBe(true);
});
