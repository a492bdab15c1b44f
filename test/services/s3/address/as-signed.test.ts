import { request as httpRequest } from "node:http";
import { CreateBucketCommand, HeadObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { type SignedParts, signRequest } from "../../../support/signer.ts";
import { signRequestV2 } from "../../../support/signer-v2.ts";

/** What clients differ in is read as they have signed it. */

const Bucket = "as-signed";
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => sherd?.stop());

const keys = async (Prefix: string) => {
  const { Contents = [] } = await sherd.client().send(new ListObjectsV2Command({ Bucket, Prefix }));
  return Contents.map(({ Key }) => Key);
};
/** Sends a path that was signed as another one. */
const putAs = (path: string, signedPath: string) =>
  sherd.raw({
    method: "PUT",
    path: `/${Bucket}/${path}`,
    body: path,
    hooks: { canonicalRequest: (text) => text.replace(path, signedPath) },
  });

describe("a raw plus in the path", () => {
  it.each([
    ["space/a+b%2B", "space/a%20b%2B", "space/a b+"],
    ["plus/a+b%2B", "plus/a%2Bb%2B", "plus/a+b+"],
    ["raw/a+b%2B", "raw/a+b%2B", "raw/a b+"],
  ])("of %s, signed as %s, makes the key %s", async (path, signedPath, key) => {
    expect((await putAs(path, signedPath)).status).toBe(200);
    expect(await keys(key.slice(0, key.indexOf("/")))).toEqual([key]);
  });

  it("is a space where Signature Version 2 covers it", async () => {
    const { accessKeyId, secretAccessKey: secret, endpoint } = sherd;
    const signed = signRequestV2({
      method: "PUT",
      url: `${endpoint}/${Bucket}/v2/a+b`,
      accessKeyId,
      secret,
      nowMs: Date.now(),
    });
    expect((await send(signed)).status).toBe(200);
    expect(await keys("v2/")).toEqual(["v2/a b"]);
  });

  it("is refused where another one was signed", async () => {
    expect((await putAs("other/a+b", "other/a%21b")).text).toContain("<Code>SignatureDoesNotMatch</Code>");
  });
});

describe("repeated headers", () => {
  it("are stored as the string that was signed", async () => {
    const { accessKeyId, secretAccessKey: secret, endpoint } = sherd;
    const signed = signRequest({
      method: "PUT",
      url: `${endpoint}/${Bucket}/repeated`,
      headers: { "x-amz-meta-a": "one,two", "x-amz-meta-b": "three, four" },
      accessKeyId,
      secret,
      nowMs: Date.now(),
    });
    // Both headers are lists here: the one that was signed with its space stays as it is only if no other was joined.
    const { status } = await send(signed, { "x-amz-meta-a": ["one", "two"] });
    expect(status).toBe(403);
    const joined = signRequest({
      method: "PUT",
      url: `${endpoint}/${Bucket}/repeated`,
      headers: { "x-amz-meta-a": "one,two", "content-type": "text/plain, x" },
      accessKeyId,
      secret,
      nowMs: Date.now(),
    });
    expect((await send(joined, { "x-amz-meta-a": ["one", "two"] })).status).toBe(200);
    const head = await sherd.client().send(new HeadObjectCommand({ Bucket, Key: "repeated" }));
    expect([head.Metadata, head.ContentType]).toEqual([{ a: "one,two" }, "text/plain, x"]);
  });

  it.each(["one,two", "one, two"])("signed as %j are that, however a space came in on the way", async (value) => {
    const { status } = await sherd.raw({
      method: "PUT",
      path: `/${Bucket}/list`,
      headers: { "x-amz-meta-a": "one, two" },
      hooks: { canonicalRequest: (text) => text.replace("x-amz-meta-a:one, two", `x-amz-meta-a:${value}`) },
    });
    expect(status).toBe(200);
    const { Metadata } = await sherd.client().send(new HeadObjectCommand({ Bucket, Key: "list" }));
    expect(Metadata).toEqual({ a: value });
  });
});

function send(
  { method, url, headers }: Pick<SignedParts, "method" | "url" | "headers">,
  repeated: Record<string, string[]> = {},
): Promise<{ status: number }> {
  const { hostname, port } = new URL(sherd.endpoint);
  const path = url.slice(sherd.endpoint.length);
  return new Promise((resolve, reject) => {
    const all = { ...headers, ...repeated, "content-length": "0" };
    const request = httpRequest({ hostname, port, method, path, headers: all, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0 }));
    });
    request.on("error", reject);
    request.end();
  });
}
