import {
  CreateBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { refusalOf } from "../refusal.ts";
import { ABSENT_VERSION } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
let etag: string;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  const put = new PutObjectCommand({
    Bucket: "bucket",
    Key: "key",
    Body: "0123456789",
    ContentType: "text/plain",
    CacheControl: "max-age=1",
    Metadata: { a: "b" },
  });
  etag = (await client.send(put)).ETag ?? "";
});
afterAll(() => sherd?.stop());

const head = (input: Partial<HeadObjectCommandInput> = {}) =>
  client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "key", ...input }));
const statusOf = async (input: Partial<HeadObjectCommandInput>) => (await refusalOf(head(input))).status;
const raw = (path: string, headers: Record<string, string> = {}) => sherd.raw({ method: "HEAD", path, headers });

describe("HeadObject", () => {
  it("says what GetObject would", async () => {
    expect(await head({ ChecksumMode: "ENABLED" })).toMatchObject({
      ContentLength: 10,
      ContentType: "text/plain",
      CacheControl: "max-age=1",
      Metadata: { a: "b" },
      AcceptRanges: "bytes",
      ETag: etag,
      ChecksumCRC32: "poTHxg==",
      ChecksumType: "FULL_OBJECT",
    });
    const [asked, got] = await Promise.all([raw("/bucket/key"), sherd.raw({ path: "/bucket/key" })]);
    const comparable = ({
      date: _date,
      "x-amz-request-id": _id,
      "x-amz-id-2": _id2,
      connection: _c,
      ...rest
    }: typeof got.headers) => rest;
    expect(comparable(asked.headers)).toEqual(comparable(got.headers));
    expect(asked.text).toBe("");
  });

  it("answers a range without its bytes", async () => {
    const response = await raw("/bucket/key", { range: "bytes=2-4" });
    expect(response.status).toBe(206);
    expect(response.headers).toMatchObject({ "content-range": "bytes 2-4/10", "content-length": "3" });
    expect(response.text).toBe("");
  });

  it("answers response-* parameters", async () => {
    expect((await head({ ResponseContentType: "image/png" })).ContentType).toBe("image/png");
  });

  it("refuses by status alone", { tags: ["slow"] }, async () => {
    const response = await raw("/bucket/absent");
    expect(response).toMatchObject({ status: 404, text: "" });
    expect(response.headers["x-amz-request-id"]).toMatch(/^[0-9A-F]{16}$/);
    expect(await refusalOf(head({ Key: "absent" }))).toMatchObject({ status: 404, code: "NotFound" });
    expect(await statusOf({ Bucket: "nobody" })).toBe(404);
    expect(await statusOf({ VersionId: "other" })).toBe(400);
    expect(await statusOf({ VersionId: ABSENT_VERSION })).toBe(404);
    expect(await statusOf({ Range: "bytes=10-" })).toBe(416);
    expect(await statusOf({ PartNumber: 2 })).toBe(416);
    expect(await statusOf({ PartNumber: 1, Range: "bytes=0-1" })).toBe(400);
    expect(await statusOf({ IfMatch: '"other"' })).toBe(412);
    expect(await statusOf({ IfUnmodifiedSince: new Date(0) })).toBe(412);
    expect(await statusOf({ IfNoneMatch: etag })).toBe(304);
    expect(await statusOf({ IfModifiedSince: new Date(Date.now() + 60_000) })).toBe(304);
  });

  it("holds under conditions that hold", async () => {
    expect((await head({ IfMatch: etag, IfModifiedSince: new Date(0) })).ContentLength).toBe(10);
  });

  it("counts a whole object as part 1", async () => {
    expect(await head({ PartNumber: 1 })).toMatchObject({ ContentLength: 10 });
  });
});

describe("user metadata that is not ASCII", () => {
  const put = (headers: Record<string, string>) =>
    sherd.raw({ method: "PUT", path: "/bucket/metadata", body: "x", headers });
  const encoded = "=?UTF-8?B?w4RNw4Raw5XDkSBTMw==?=";

  it.each([
    ["as UTF-8", "ÄMÄZÕÑ S3", encoded],
    ["as an encoded word (RFC 2047)", encoded, encoded],
    ["quoted", "=?utf-8?q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", encoded],
    ["in several words", "=?UTF-8?B?w4RN?= =?UTF-8?B?w4Raw5XDkSBTMw==?=", encoded],
    ["an encoded word of ASCII", "=?UTF-8?B?YWJj?=", "abc"],
    ["what is no encoded word", "=?UTF-8?B?***?=", "=?UTF-8?B?***?="],
  ])("%s", async (_, sent, answered) => {
    expect((await put({ "x-amz-meta-name": sent })).status).toBe(200);
    expect((await raw("/bucket/metadata")).headers["x-amz-meta-name"]).toBe(answered);
    const copied = { "x-amz-copy-source": "/bucket/metadata" };
    expect((await sherd.raw({ method: "PUT", path: "/bucket/copied", headers: copied })).status).toBe(200);
    expect((await raw("/bucket/copied")).headers["x-amz-meta-name"]).toBe(answered);
  });

  it("counts as the bytes that it stands for", async () => {
    const value = "ä".repeat(1022);
    const word = `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;
    expect((await put({ "x-amz-meta-name": word })).status).toBe(200);
    const { status, text } = await put({ "x-amz-meta-name": word, "x-amz-meta-a": "b" });
    expect([status, text.includes("<Code>MetadataTooLarge</Code>")]).toEqual([400, true]);
  });
});
