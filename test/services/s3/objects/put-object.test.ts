import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import type { SignerPayload } from "../../../support/signer.ts";
import { pattern } from "../../../support/store.ts";
import { refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const put = (input: Partial<PutObjectCommandInput> & { Key: string }, by = client) =>
  by.send(new PutObjectCommand({ Bucket: "bucket", ...input }));
const get = async (Key: string) => {
  const { Body, ...head } = await client.send(new GetObjectCommand({ Bucket: "bucket", Key, ChecksumMode: "ENABLED" }));
  return { ...head, bytes: (await Body?.transformToByteArray()) ?? new Uint8Array(0) };
};
const missing = async (Key: string) => {
  expect((await refusalOf(client.send(new HeadObjectCommand({ Bucket: "bucket", Key })))).status).toBe(404);
};
const md5Hex = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const crc32Base64 = (bytes: Uint8Array) => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString("base64");
};

describe("PutObject", () => {
  // Inline, full copies, one stripe, several stripes with a short one: each is stored otherwise.
  it.each([0, 1, 32 * 1024, 32 * 1024 + 1, 300_000, 1024 * 1024, 5_000_001])(
    "stores %d bytes",
    { tags: ["slow"] },
    async (size) => {
      const bytes = pattern(size, size + 1);
      const answer = await put({ Key: `size/${size}`, Body: bytes });
      expect(answer.ETag).toBe(`"${md5Hex(bytes)}"`);
      expect(answer.ChecksumCRC32).toBe(crc32Base64(bytes));
      expect(answer.ChecksumType).toBe("FULL_OBJECT");
      const got = await get(`size/${size}`);
      expect(Buffer.compare(got.bytes, bytes)).toBe(0);
      expect(got.ContentLength).toBe(size);
      expect(got.ChecksumCRC32).toBe(crc32Base64(bytes));
    },
  );

  it("replaces what was there", async () => {
    await put({ Key: "twice", Body: "first", Metadata: { a: "1" } });
    await put({ Key: "twice", Body: "second" });
    const got = await get("twice");
    expect(Buffer.from(got.bytes).toString()).toBe("second");
    expect(got.Metadata).toEqual({});
  });

  it.each(["a//b", " ", "a b+c", "100%", "%2F", "äöü/€/日本", "?x=1&y#z", "a\\b", "trailing/", "x".repeat(1024)])(
    "stores the key %j",
    async (Key) => {
      await put({ Key, Body: Key });
      expect(Buffer.from((await get(Key)).bytes).toString()).toBe(Key);
    },
  );

  it("keeps headers and metadata as they were sent", async () => {
    const headers = {
      "content-type": "text/html; charset=utf-8",
      "content-encoding": "gzip",
      "content-disposition": 'attachment; filename="a b.html"',
      "content-language": "de, en",
      "cache-control": "max-age=60",
      expires: "Thu, 01 Dec 2033 16:00:00 GMT",
      "x-amz-meta-colour": "blue",
      "x-amz-meta-mixed": 'a, b;  c="d"',
    };
    const response = await sherd.raw({ method: "PUT", path: "/bucket/attributes", headers, body: "not gzip at all" });
    expect(response.status).toBe(200);
    expect(response.text).toBe("");
    const got = await sherd.raw({ path: "/bucket/attributes" });
    expect(got.headers).toMatchObject({ ...headers, "x-amz-meta-mixed": expect.stringMatching(/^a, b; {1,2}c="d"$/) });
    expect(got.text).toBe("not gzip at all");
  });

  it("defaults to binary/octet-stream", async () => {
    await sherd.raw({ method: "PUT", path: "/bucket/untyped", body: "x" });
    expect((await sherd.raw({ path: "/bucket/untyped" })).headers["content-type"]).toBe("binary/octet-stream");
  });

  it("does not keep aws-chunked as a Content-Encoding", async () => {
    const payload = { mode: "streaming-signed" } as const;
    const headers = { "content-encoding": "gzip,aws-chunked" };
    await sherd.raw({ method: "PUT", path: "/bucket/chunked", headers, body: "x", payload });
    expect((await sherd.raw({ path: "/bucket/chunked" })).headers["content-encoding"]).toBe("gzip");
  });

  it("answers the checksum that it computed where the client sent none", async () => {
    const response = await sherd.raw({ method: "PUT", path: "/bucket/nochecksum", body: "123456789" });
    expect(response.headers["x-amz-checksum-crc64nvme"]).toBe("rosUhgp5mIg=");
    expect(response.headers["x-amz-checksum-type"]).toBe("FULL_OBJECT");
    expect((await get("nochecksum")).ChecksumCRC64NVME).toBe("rosUhgp5mIg=");
  });

  it.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)("verifies and keeps %s", async (algorithm) => {
    const answer = await put({ Key: `sum/${algorithm}`, Body: pattern(100_000), ChecksumAlgorithm: algorithm });
    const value = answer[`Checksum${algorithm}`];
    expect(value).toBeTruthy();
    expect((await get(`sum/${algorithm}`))[`Checksum${algorithm}`]).toBe(value);
  });
});

describe("PutObject takes the payload", () => {
  const body = pattern(200_000, 7);
  const trailers = { "x-amz-checksum-crc32": crc32Base64(body) };
  const payloads: SignerPayload[] = [
    { mode: "hash" },
    { mode: "unsigned" },
    { mode: "streaming-signed", chunkSizes: [8192, 65_536] },
    { mode: "streaming-signed-trailer", trailers },
    { mode: "streaming-unsigned-trailer", trailers },
  ];
  it.each(payloads)("$mode", async (payload) => {
    const path = `/bucket/payload/${payload.mode}`;
    const response = await sherd.raw({
      method: "PUT",
      path,
      body,
      payload,
    });
    expect(response.text).toBe("");
    expect(response.headers.etag).toBe(`"${md5Hex(body)}"`);
    expect(Buffer.compare((await sherd.raw({ path })).bytes, body)).toBe(0);
  });

  it("of a presigned URL", async () => {
    const presign = { expiresSeconds: 60 };
    const response = await sherd.raw({ method: "PUT", path: "/bucket/presigned", body: "by link", presign });
    expect(response.status).toBe(200);
    expect((await sherd.raw({ path: "/bucket/presigned" })).text).toBe("by link");
  });
});

describe("PutObject by a URL that the SDK has presigned", () => {
  const presign = (input: Partial<PutObjectCommandInput>) =>
    getSignedUrl(client, new PutObjectCommand({ Bucket: "bucket", Key: "by-link", ...input }));

  it("stores the body, the URL's metadata and its headers", async () => {
    const Metadata = { a: "b c/ä" };
    const url = await presign({ Metadata, StorageClass: "STANDARD" });
    expect(url).toContain("x-amz-meta-a=");
    // The checksum of the empty body that the SDK puts there is ignored, as S3 does.
    expect(url).toContain("x-amz-checksum-crc32=AAAAAA%3D%3D");
    const response = await fetch(url, { method: "PUT", body: "by link", headers: { "content-type": "text/css" } });
    expect(response.status).toBe(200);
    expect(Buffer.from((await get("by-link")).bytes).toString()).toBe("by link");
    const { headers } = await sherd.raw({ method: "HEAD", path: "/bucket/by-link" });
    expect(headers["content-type"]).toBe("text/css");
    expect(headers["x-amz-meta-a"]).toBe(`=?UTF-8?B?${Buffer.from("b c/ä").toString("base64")}?=`);
  });

  it("keeps a redirect location, and refuses one that is none", async () => {
    const send = async (WebsiteRedirectLocation: string) =>
      fetch(await presign({ WebsiteRedirectLocation }), { method: "PUT", body: "x" });
    expect((await send("/x")).status).toBe(200);
    const { headers } = await sherd.raw({ method: "HEAD", path: "/bucket/by-link" });
    expect(headers["x-amz-website-redirect-location"]).toBe("/x");
    const refused = await send("x");
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("InvalidRedirectLocation")]);
  });
});

describe("PutObject under a condition", () => {
  const If = (Key: string, condition: { IfMatch?: string; IfNoneMatch?: string }) =>
    put({ Key, Body: "new", ...condition });

  it("If-None-Match: * writes only where nothing is", async () => {
    await If("lock", { IfNoneMatch: "*" });
    expect(await refusalOf(If("lock", { IfNoneMatch: "*" }))).toEqual({
      status: 412,
      code: "PreconditionFailed",
      message: "At least one of the pre-conditions you specified did not hold",
    });
  });

  it("If-Match writes only over that version", async () => {
    const { ETag } = await put({ Key: "match", Body: "old" });
    expect((await refusalOf(If("match", { IfMatch: '"0123"' }))).code).toBe("PreconditionFailed");
    expect(Buffer.from((await get("match")).bytes).toString()).toBe("old");
    await If("match", { IfMatch: ETag ?? "" });
    expect(Buffer.from((await get("match")).bytes).toString()).toBe("new");
    expect(await refusalOf(If("absent", { IfMatch: ETag ?? "" }))).toMatchObject({ status: 404, code: "NoSuchKey" });
    await missing("absent");
  });

  it("lets one of several writers win", async () => {
    const writers = Array.from({ length: 8 }, () =>
      If("race", { IfNoneMatch: "*" }).then(
        () => "won",
        () => "lost",
      ),
    );
    expect((await Promise.all(writers)).filter((outcome) => outcome === "won")).toHaveLength(1);
  });

  it("knows no other", async () => {
    expect(await refusalOf(If("other", { IfNoneMatch: '"0123"' }))).toMatchObject({
      status: 501,
      code: "NotImplemented",
    });
    expect((await refusalOf(If("other", { IfNoneMatch: "*", IfMatch: '"0123"' }))).code).toBe("NotImplemented");
    await missing("other");
  });
});
