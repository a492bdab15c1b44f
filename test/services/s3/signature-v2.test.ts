import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elementText, type RawResponse, type Sherd, startSherd } from "../../support/sherd.ts";
import { type SignerV2Input, signRequestV2 } from "../../support/signer-v2.ts";

const domain = "s3.example.org";
let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd({ SHERD_DOMAIN: domain });
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  await client.send(
    new PutObjectCommand({ Bucket: "bucket", Key: "a b/ü+", Body: "hello", ContentType: "text/plain" }),
  );
});
afterAll(() => sherd?.stop());

const object = "/bucket/a%20b/%C3%BC%2B";
const nowSeconds = () => Math.floor(Date.now() / 1000);

interface V2Request extends Partial<Omit<SignerV2Input, "url">> {
  path: string;
  body?: string;
  /** Changes the signed URL, as it goes over the wire. */
  edit?: (path: string) => string;
  /** Sent besides what is signed. */
  more?: Record<string, string>;
}

/** Signs with Version 2 (as a URL of ten minutes unless a header is asked for) and sends. */
function send({ path, body = "", edit = (text) => text, more = {}, ...given }: V2Request): Promise<RawResponse> {
  const parts = signRequestV2({
    method: "GET",
    accessKeyId: sherd.accessKeyId,
    secret: sherd.secretAccessKey,
    nowMs: Date.now(),
    presign: { expires: nowSeconds() + 600 },
    ...given,
    url: sherd.endpoint + path,
  });
  const headers = { ...parts.headers, "content-length": `${body.length}`, ...more };
  const signedPath = edit(parts.url.slice(sherd.endpoint.length));
  return sherd.raw({ method: parts.method, path: signedPath, anonymous: true, headers, body });
}

const code = (answer: RawResponse) => `${answer.status} ${elementText(answer.text, "Code") ?? ""}`;

test("a URL reads an object, with the headers that it asks for", async () => {
  const query = "response-content-type=text%2Fa%20b&response-content-disposition=attachment%3B%20filename%3D%22b%2B%22";
  const answer = await send({ path: `${object}?${query}` });
  expect(answer.text).toBe("hello");
  expect(answer.headers).toMatchObject({
    "content-type": "text/a b",
    "content-disposition": 'attachment; filename="b+"',
  });
  const range = await send({ path: object, more: { range: "bytes=1-2" } });
  expect([range.status, range.text]).toEqual([206, "el"]);
});

test("a URL writes an object, with the headers that are in it", async () => {
  const query = "x-amz-meta-a=b%20c&x-amz-storage-class=STANDARD";
  const written = await send({
    method: "PUT",
    path: `/bucket/put?${query}`,
    headers: { "content-type": "text/html" },
    body: "put",
  });
  expect(code(written)).toBe("200 ");
  const head = await client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "put" }));
  expect(head).toMatchObject({ ContentType: "text/html", ContentLength: 3, Metadata: { a: "b c" } });
});

test("a bucket that the host names is part of what is signed", async () => {
  const headers = { host: `bucket.${domain}` };
  const path = object.slice("/bucket".length);
  expect((await send({ path, bucketOfHost: "bucket", more: headers })).text).toBe("hello");
  expect(code(await send({ path, bucketOfHost: "bucket", more: { host: `other.${domain}` } }))).toBe(
    "403 SignatureDoesNotMatch",
  );
  expect(code(await send({ path, more: headers }))).toBe("403 SignatureDoesNotMatch");
});

test("the header form signs every kind of request", async () => {
  const header = { presign: undefined } as unknown as V2Request;
  const body = "by header";
  expect(code(await send({ ...header, method: "PUT", path: "/bucket/header", body }))).toBe("200 ");
  expect((await send({ ...header, path: "/bucket/header" })).text).toBe(body);
  expect((await send({ ...header, path: "/bucket?prefix=header&list-type=2" })).text).toContain("<Key>header</Key>");
  expect((await send({ ...header, path: "/" })).text).toContain("<Name>bucket</Name>");
  expect(code(await send({ ...header, method: "DELETE", path: "/bucket/header" }))).toBe("204 ");
  expect(code(await send({ ...header, path: "/", nowMs: Date.now() - 16 * 60_000 }))).toBe("403 RequestTimeTooSkewed");
});

test("whoever holds a URL cannot make it do something else", async () => {
  const mismatch = "403 SignatureDoesNotMatch";
  expect(code(await send({ path: object, edit: (path) => path.replace("?", "?acl&") }))).toBe(mismatch);
  expect(code(await send({ path: object, edit: (path) => path.replace("?", "?retention&") }))).toBe(mismatch);
  expect(code(await send({ path: object, edit: (path) => path.replace("bucket/a", "bucket/b") }))).toBe(mismatch);
  expect(code(await send({ path: object, method: "PUT", more: { "x-amz-copy-source": "/bucket/put" } }))).toBe(
    mismatch,
  );
  const copying = (path: string) => `${path}&x-amz-copy-source=%2Fbucket%2Fput`;
  expect(code(await send({ path: object, method: "PUT", edit: copying }))).toBe(mismatch);
  // Not a subresource: the second question mark belongs to its name.
  expect((await send({ path: object, edit: (path) => path.replace("?", "??acl=1&") })).text).toBe("hello");
  expect((await send({ path: object })).text).toBe("hello");
});

test("refusals are S3's", async () => {
  const expired = await send({ path: object, presign: { expires: nowSeconds() - 2 } });
  expect(code(expired)).toBe("403 AccessDenied");
  expect(elementText(expired.text, "Message")).toBe("Request has expired");
  expect(elementText(expired.text, "Expires")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const wrong = await send({ path: object, secret: "wrong" });
  expect(code(wrong)).toBe("403 SignatureDoesNotMatch");
  expect(elementText(wrong.text, "StringToSign")).toMatch(/^GET\n\n\n\d+\n\/bucket\/a%20b\/%C3%BC%2B$/);
  expect(elementText(wrong.text, "CanonicalRequest")).toBeUndefined();
  expect(code(await send({ path: object, accessKeyId: "AKIANOBODYKNOWSTHIS0" }))).toBe("403 InvalidAccessKeyId");
  expect(code(await send({ path: object, edit: (path) => path.replace(/&Expires=\d+/, "") }))).toBe("403 AccessDenied");
  expect(code(await send({ path: `${object}?x-amz-security-token=t` }))).toBe("400 InvalidToken");
});
