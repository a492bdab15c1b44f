import { Buffer } from "node:buffer";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";

const Bucket = "bucket";
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => sherd.stop());

const put = (Key: string, text: string, more: Partial<PutObjectCommandInput> = {}) =>
  sherd.client().send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(text), ...more }));
const append = (Key: string, WriteOffsetBytes: number, text: string, more: Partial<PutObjectCommandInput> = {}) =>
  put(Key, text, { WriteOffsetBytes, ...more });

/** What the SDK gives, with the checksum verified. */
async function contentOf(Key: string, more: { PartNumber?: number } = {}): Promise<string | undefined> {
  const got = await sherd.client().send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED", ...more }));
  return got.Body?.transformToString();
}

describe("an append", () => {
  test("creates the object at offset 0, and makes it longer at its end", async () => {
    const first = await append("log", 0, "one\n", { Metadata: { a: "b" }, ContentType: "text/x" });
    expect(first.Size).toBe(4);
    const second = await append("log", 4, "two\n");
    expect(second.Size).toBe(8);
    expect(second.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(await contentOf("log")).toBe("one\ntwo\n");
    const head = await sherd.client().send(new HeadObjectCommand({ Bucket, Key: "log" }));
    expect(head).toMatchObject({ ETag: second.ETag, ContentLength: 8, Metadata: { a: "b" }, ContentType: "text/x" });
  });

  test("small to large and on, whole, by parts and by range", async () => {
    const pieces = ["a".repeat(30_000), "b".repeat(30_000), "c".repeat(1_000_000), "d"];
    let offset = 0;
    for (const piece of pieces) {
      await append("growing", offset, piece);
      offset += piece.length;
    }
    expect(await contentOf("growing")).toBe(pieces.join(""));
    for (const [n, piece] of pieces.entries()) expect(await contentOf("growing", { PartNumber: n + 1 })).toBe(piece);
    const { status, text } = await sherd.raw({ path: "/bucket/growing", headers: { range: "bytes=59999-60000" } });
    expect([status, text]).toEqual([206, "bc"]);
  });

  test("CRCs go on over the whole object; of digests each append hears its own", { tags: ["slow"] }, async () => {
    const crc = await append("crc", 0, "123456", { ChecksumAlgorithm: "CRC32C" });
    expect(crc.ChecksumType).toBe("FULL_OBJECT");
    // The published check value of "123456789".
    const whole = await append("crc", 6, "789", { ChecksumAlgorithm: "CRC32C" });
    expect([whole.ChecksumCRC32C, whole.ChecksumType]).toEqual(["4waSgw==", "FULL_OBJECT"]);
    expect(await contentOf("crc")).toBe("123456789");

    await append("sha", 0, "abc", { ChecksumAlgorithm: "SHA256" });
    const part = await append("sha", 3, "abc", { ChecksumAlgorithm: "SHA256" });
    expect(part.ChecksumSHA256).toBe("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    expect(part.ChecksumType).toBeUndefined();
    const head = await sherd.client().send(new HeadObjectCommand({ Bucket, Key: "sha", ChecksumMode: "ENABLED" }));
    expect([head.ChecksumSHA256?.slice(-2), head.ChecksumType]).toEqual(["-2", "COMPOSITE"]);
  });

  test("as aws-chunked with a trailer, and unsigned", async () => {
    await append("streamed", 0, "one");
    const headers = { "x-amz-write-offset-bytes": "3", "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    const { status } = await sherd.raw({ method: "PUT", path: "/bucket/streamed", headers, body: "two" });
    expect(status).toBe(200);
    expect(await contentOf("streamed")).toBe("onetwo");
  });
});

describe("is refused", () => {
  test("at any other offset", async () => {
    await put("at", "12345");
    for (const offset of [0, 4, 6]) {
      expect(await failure(append("at", offset, "x"))).toMatchObject({ code: "InvalidWriteOffset", status: 400 });
    }
    expect(await failure(append("absent", 1, "x"))).toMatchObject({ code: "InvalidWriteOffset", status: 400 });
    expect(await contentOf("at")).toBe("12345");
  });

  test.each(["-1", "x", "", "1.5"])("with the offset %j", async (offset) => {
    const headers = { "x-amz-write-offset-bytes": offset };
    const { status, text } = await sherd.raw({ method: "PUT", path: "/bucket/at", headers, body: "x" });
    expect([status, elementText(text, "Code")]).toEqual([400, "InvalidArgument"]);
  });

  test.each([
    ["no bytes", "", {}, "Request body cannot be empty"],
    ["metadata of its own", "x", { Metadata: { a: "b" } }, "user-defined object metadata"],
    ["tags of its own", "x", { Tagging: "a=b" }, "x-amz-tagging"],
    [
      "another checksum",
      "x",
      { ChecksumAlgorithm: "SHA1" },
      "expected checksum Type: crc32, actual checksum Type: sha1",
    ],
  ] as const)("with %s", async (_, text, more, message) => {
    await put("mine", "12345", { ChecksumAlgorithm: "CRC32" });
    const refused = await failure(append("mine", 5, text, more));
    expect(refused).toMatchObject({ code: "InvalidRequest", status: 400 });
    expect(refused.message).toContain(message);
    expect(await contentOf("mine")).toBe("12345");
  });

  test("with a body that is not what was declared", async () => {
    await put("digest", "12345");
    for (const length of [10, 100_000]) {
      const headers = { "x-amz-write-offset-bytes": "5", "content-md5": "rL0Y20zC+Fzt72VPzMSk2A==" };
      const body = "x".repeat(length);
      const { status, text } = await sherd.raw({ method: "PUT", path: "/bucket/digest", headers, body });
      expect([status, elementText(text, "Code")]).toEqual([400, "BadDigest"]);
    }
    expect(await contentOf("digest")).toBe("12345");
  });

  test("where versioning is or was enabled", async () => {
    const client = sherd.client();
    await client.send(new CreateBucketCommand({ Bucket: "versioned" }));
    for (const Status of ["Enabled", "Suspended"] as const) {
      await client.send(new PutBucketVersioningCommand({ Bucket: "versioned", VersioningConfiguration: { Status } }));
      const refused = await failure(append("k", 0, "x", { Bucket: "versioned" }));
      expect(refused).toMatchObject({ code: "InvalidBucketState", status: 409 });
    }
  });

  test("where the condition does not hold", async () => {
    const { ETag } = await put("condition", "12345");
    const other = await failure(append("condition", 5, "x", { IfMatch: '"other"' }));
    expect(other).toMatchObject({ code: "PreconditionFailed", status: 412 });
    const free = await failure(append("condition", 5, "x", { IfNoneMatch: "*" }));
    expect(free).toMatchObject({ code: "PreconditionFailed", status: 412 });
    expect((await append("condition", 5, "x", { IfMatch: ETag })).Size).toBe(6);
    await append("fresh", 0, "x", { IfNoneMatch: "*" });
  });

  test("without a signature", async () => {
    const headers = { "x-amz-write-offset-bytes": "0" };
    const request = { method: "PUT", path: "/bucket/nobody", headers, body: "x", anonymous: true };
    expect((await sherd.raw(request)).status).toBe(403);
  });
});
