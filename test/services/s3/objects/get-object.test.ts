import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements, refusalOf } from "../refusal.ts";

const MiB = 1024 * 1024;
let sherd: Sherd;
let client: S3Client;
/** As large objects as there are ways to store them. */
const sizes = { inline: 1000, small: 100_000, large: 3_000_001 };
const bytesOf = (key: keyof typeof sizes) => pattern(sizes[key], sizes[key]);
const parts = [pattern(5 * MiB, 1), pattern(1234, 2)];
let etag: string;
let modified: Date;

beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  for (const key of Object.keys(sizes) as (keyof typeof sizes)[]) {
    const put = new PutObjectCommand({ Bucket: "bucket", Key: key, Body: bytesOf(key), ContentType: "text/plain" });
    etag = (await client.send(put)).ETag ?? "";
  }
  await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "empty", Body: "" }));
  modified = (await get({ Key: "large" })).LastModified ?? new Date(0);
  await completeParts();
});
afterAll(() => sherd?.stop());

async function completeParts(): Promise<void> {
  const upload = { Bucket: "bucket", Key: "parts" };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: "CRC32" }));
  const listed = [];
  for (const [index, Body] of parts.entries()) {
    const PartNumber = index * 2 + 1;
    const part = await client.send(
      new UploadPartCommand({ ...upload, UploadId, PartNumber, Body, ChecksumAlgorithm: "CRC32" }),
    );
    listed.push({ PartNumber, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: listed } }));
}

async function get(input: Partial<GetObjectCommandInput> & { Key: string }) {
  const { Body, ...head } = await client.send(new GetObjectCommand({ Bucket: "bucket", ...input }));
  return { ...head, bytes: (await Body?.transformToByteArray()) ?? new Uint8Array(0) };
}
const refused = (input: Partial<GetObjectCommandInput> & { Key: string }) => refusalOf(get(input));

describe("GetObject", () => {
  it.each(Object.keys(sizes) as (keyof typeof sizes)[])("gives an object back: %s", async (key) => {
    const got = await get({ Key: key });
    expect(Buffer.compare(got.bytes, bytesOf(key))).toBe(0);
    expect(got).toMatchObject({ ContentLength: sizes[key], ContentType: "text/plain", AcceptRanges: "bytes" });
    expect(got.$metadata.httpStatusCode).toBe(200);
    expect(got.StorageClass).toBeUndefined();
  });

  it("gives an empty object back", async () => {
    const response = await sherd.raw({ path: "/bucket/empty" });
    expect(response).toMatchObject({ status: 200, text: "" });
    expect(response.headers["content-length"]).toBe("0");
  });

  it("is not compressed on the way", async () => {
    const response = await sherd.raw({ path: "/bucket/large", headers: { "accept-encoding": "gzip, br" } });
    expect(response.headers["content-encoding"]).toBeUndefined();
    expect(response.headers["content-length"]).toBe(String(sizes.large));
  });

  it("names what does not exist", async () => {
    expect(await refused({ Key: "absent" })).toEqual({
      status: 404,
      code: "NoSuchKey",
      message: "The specified key does not exist.",
    });
    expect(await refused({ Bucket: "nobody", Key: "absent" })).toMatchObject({ status: 404, code: "NoSuchBucket" });
    expect(errorElements(await sherd.raw({ path: "/bucket/a%20b" }))).toMatchObject({
      Code: "NoSuchKey",
      Key: "a b",
      Resource: "/bucket/a%20b",
    });
  });

  it("knows no versions but null", async () => {
    expect((await get({ Key: "inline", VersionId: "null" })).ContentLength).toBe(1000);
    expect(await refused({ Key: "inline", VersionId: "3HL4kqtJvjVBH40Nrjfkd" })).toMatchObject({
      status: 400,
      code: "InvalidArgument",
    });
  });

  it("refuses half a key of its own for encryption", async () => {
    const headers = { "x-amz-server-side-encryption-customer-algorithm": "AES256" };
    expect((await sherd.raw({ path: "/bucket/inline", headers })).status).toBe(400);
  });
});

describe("GetObject with a range", () => {
  it.each(Object.keys(sizes) as (keyof typeof sizes)[])("gives just these bytes: %s", async (key) => {
    const bytes = bytesOf(key);
    const size = bytes.length;
    const ranges: [string, number, number][] = [
      ["bytes=0-0", 0, 1],
      ["bytes=0-", 0, size],
      ["bytes=10-99", 10, 100],
      [`bytes=${size - 1}-`, size - 1, size],
      [`bytes=${size - 500}-${size + 500}`, size - 500, size],
      ["bytes=-1", size - 1, size],
      [`bytes=-${size + 1}`, 0, size],
    ];
    for (const [Range, from, to] of ranges) {
      const got = await get({ Key: key, Range });
      expect(got.$metadata.httpStatusCode).toBe(206);
      expect(got.ContentRange).toBe(`bytes ${from}-${to - 1}/${size}`);
      expect(got.ContentLength).toBe(to - from);
      expect(Buffer.compare(got.bytes, bytes.subarray(from, to))).toBe(0);
    }
  });

  it("gives bytes across blocks and stripes", { tags: ["slow"] }, async () => {
    const bytes = bytesOf("large");
    for (const at of [256 * 1024, 512 * 1024, MiB, 2 * MiB]) {
      for (const [from, to] of [
        [at - 1, at + 1],
        [at, at + 1],
        [Math.max(0, at - 300_000), at + 300_000],
      ] as const) {
        const got = await get({ Key: "large", Range: `bytes=${from}-${to - 1}` });
        expect(Buffer.compare(got.bytes, bytes.subarray(from, to))).toBe(0);
      }
    }
  });

  it.each(["bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=0-0,2-3", "bytes=-"])("ignores %s", async (Range) => {
    const got = await get({ Key: "inline", Range });
    expect(got.$metadata.httpStatusCode).toBe(200);
    expect(got.ContentRange).toBeUndefined();
    expect(got.bytes).toHaveLength(1000);
  });

  it.each(["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999-"])(
    "refuses %s",
    async (range) => {
      const response = await sherd.raw({ path: "/bucket/inline", headers: { range } });
      expect(response.headers["content-range"]).toBe("bytes */1000");
      expect(errorElements(response)).toMatchObject({
        status: "416",
        Code: "InvalidRange",
        Message: "The requested range is not satisfiable",
        RangeRequested: range,
        ActualObjectSize: "1000",
      });
    },
  );

  it("refuses every range of nothing", async () => {
    for (const Range of ["bytes=0-", "bytes=0-0", "bytes=-1"]) {
      expect(await refused({ Key: "empty", Range })).toMatchObject({ status: 416, code: "InvalidRange" });
    }
  });

  it("counts only for the version that If-Range names", async () => {
    const ask = (ifRange: string) =>
      sherd.raw({ path: "/bucket/large", headers: { range: "bytes=0-9", "if-range": ifRange } });
    expect((await ask(etag)).status).toBe(206);
    expect((await ask('"other"')).bytes).toHaveLength(sizes.large);
  });
});

describe("GetObject of a part", () => {
  it("gives its bytes, its checksum and the count", async () => {
    const first = await get({ Key: "parts", PartNumber: 1, ChecksumMode: "ENABLED" });
    expect(first.$metadata.httpStatusCode).toBe(206);
    expect(first).toMatchObject({ PartsCount: 2, ContentRange: `bytes 0-${5 * MiB - 1}/${5 * MiB + 1234}` });
    expect(first.ChecksumCRC32).toMatch(/^[^-]+$/);
    expect(Buffer.compare(first.bytes, parts[0] ?? first.bytes.subarray(1))).toBe(0);
    const last = await get({ Key: "parts", PartNumber: 3 });
    expect(Buffer.compare(last.bytes, parts[1] ?? last.bytes.subarray(1))).toBe(0);
  });

  it("must be one that there is", async () => {
    for (const PartNumber of [2, 4, 10_000]) {
      expect(await refused({ Key: "parts", PartNumber })).toMatchObject({ status: 416, code: "InvalidPartNumber" });
    }
    expect(await refused({ Key: "inline", PartNumber: 2 })).toMatchObject({ status: 416, code: "InvalidPartNumber" });
    for (const text of ["0", "10001", "x"]) {
      expect(errorElements(await sherd.raw({ path: `/bucket/parts?partNumber=${text}` }))).toMatchObject({
        status: "400",
        Code: "InvalidArgument",
        ArgumentName: "partNumber",
        ArgumentValue: text,
      });
    }
  });

  it("is the whole object where it has no parts", async () => {
    const got = await get({ Key: "inline", PartNumber: 1 });
    expect(got.$metadata.httpStatusCode).toBe(206);
    expect(got.ContentRange).toBe("bytes 0-999/1000");
    expect(got.PartsCount).toBeUndefined();
  });

  it("excludes a range", async () => {
    expect(await refused({ Key: "parts", PartNumber: 1, Range: "bytes=0-1" })).toMatchObject({
      status: 400,
      code: "InvalidRequest",
    });
  });
});

describe("GetObject of a completed upload", () => {
  it("gives all parts in order", async () => {
    const got = await get({ Key: "parts", ChecksumMode: "ENABLED" });
    expect(Buffer.compare(got.bytes, Buffer.concat(parts))).toBe(0);
    expect(got.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(got.ChecksumCRC32).toMatch(/-2$/);
    expect(got.ChecksumType).toBe("COMPOSITE");
  });

  it("gives ranges across them", async () => {
    const whole = Buffer.concat(parts);
    const got = await get({ Key: "parts", Range: `bytes=${5 * MiB - 10}-${5 * MiB + 9}` });
    expect(Buffer.compare(got.bytes, whole.subarray(5 * MiB - 10, 5 * MiB + 10))).toBe(0);
  });
});

describe("GetObject under conditions", () => {
  const day = 24 * 3600 * 1000;
  const dayBefore = () => new Date(modified.getTime() - day);
  const dayAfter = () => new Date(modified.getTime() + day);

  it("gives the object where they hold", { tags: ["slow"] }, async () => {
    const Key = "large";
    for (const conditions of [
      { IfMatch: etag },
      { IfMatch: etag.replaceAll('"', "") },
      { IfMatch: "*" },
      { IfNoneMatch: '"other"' },
      { IfModifiedSince: dayBefore() },
      { IfUnmodifiedSince: dayAfter() },
      { IfUnmodifiedSince: modified },
      { IfMatch: etag, IfUnmodifiedSince: dayBefore() },
      { IfNoneMatch: '"other"', IfModifiedSince: dayAfter() },
    ]) {
      expect((await get({ Key, ...conditions })).ContentLength).toBe(sizes.large);
    }
  });

  it("answers 412 where the client's copy is another", async () => {
    for (const conditions of [{ IfMatch: '"other"' }, { IfUnmodifiedSince: dayBefore() }]) {
      expect(await refused({ Key: "large", ...conditions })).toMatchObject({ status: 412, code: "PreconditionFailed" });
    }
  });

  it("answers 304 where the client's copy is good", async () => {
    for (const conditions of [{ IfNoneMatch: etag }, { IfModifiedSince: modified }, { IfNoneMatch: "*" }]) {
      expect((await refused({ Key: "large", ...conditions })).status).toBe(304);
    }
    const response = await sherd.raw({ path: "/bucket/large", headers: { "if-none-match": etag } });
    expect(response).toMatchObject({ status: 304, text: "" });
    expect(response.headers.etag).toBe(etag);
    expect(response.headers["last-modified"]).toBe(modified.toUTCString());
  });

  it("names the key where there is none", async () => {
    expect(await refused({ Key: "absent", IfMatch: etag })).toMatchObject({ status: 404, code: "NoSuchKey" });
  });
});

describe("GetObject with response-* parameters", () => {
  const overrides = {
    ResponseContentType: "application/json",
    ResponseContentDisposition: 'attachment; filename="ä.txt"',
    ResponseContentEncoding: "identity",
    ResponseContentLanguage: "de",
    ResponseCacheControl: "no-store",
  };

  it("answers these headers instead", async () => {
    const { ResponseContentDisposition: _, ...plain } = overrides;
    expect(await get({ Key: "inline", ...plain, ResponseContentDisposition: "inline" })).toMatchObject({
      ContentType: "application/json",
      ContentDisposition: "inline",
      ContentEncoding: "identity",
      ContentLanguage: "de",
      CacheControl: "no-store",
    });
  });

  it("does so by a presigned URL", async () => {
    const command = new GetObjectCommand({ Bucket: "bucket", Key: "inline", ...overrides });
    const response = await fetch(await getSignedUrl(client, command));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    const disposition = Buffer.from(response.headers.get("content-disposition") ?? "", "latin1").toString();
    expect(disposition).toBe('attachment; filename="ä.txt"');
    expect((await response.arrayBuffer()).byteLength).toBe(1000);
  });

  it("does so for nobody anonymous", async () => {
    const response = await sherd.raw({ path: "/bucket/inline?response-content-type=text/html", anonymous: true });
    expect([response.status, response.headers["content-type"]]).toEqual([400, "application/xml"]);
  });

  it("refuses what no header can hold", async () => {
    const path = "/bucket/inline?response-content-type=a%0D%0AX-Evil:1";
    expect(errorElements(await sherd.raw({ path }))).toMatchObject({ status: "400", Code: "InvalidArgument" });
  });
});

describe("GetObject answers the checksum", () => {
  it("where it is asked for, of what it gives", { tags: ["slow"] }, async () => {
    expect((await get({ Key: "large", ChecksumMode: "ENABLED" })).ChecksumCRC32).toBeTruthy();
    const plain = await sherd.raw({ path: "/bucket/large" });
    expect(Object.keys(plain.headers).filter((name) => name.includes("checksum"))).toEqual([]);
    const headers = { "x-amz-checksum-mode": "ENABLED", range: "bytes=0-9" };
    const range = await sherd.raw({ path: "/bucket/large", headers });
    expect(Object.keys(range.headers).filter((name) => name.includes("checksum"))).toEqual([]);
  });
});
