import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, setVersioning, versionedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
const large = pattern(2_000_000, 5);
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  for (const Bucket of ["bucket", "sources"]) await client.send(new CreateBucketCommand({ Bucket }));
  const attributes = { ContentType: "text/css", CacheControl: "no-cache", Metadata: { a: "b" } };
  await client.send(new PutObjectCommand({ Bucket: "sources", Key: "small", Body: "0123456789", ...attributes }));
  await client.send(new PutObjectCommand({ Bucket: "sources", Key: "a b+ä/€", Body: large, ...attributes }));
});
afterAll(() => sherd?.stop());

const copy = (input: Partial<CopyObjectCommandInput> = {}) =>
  client.send(new CopyObjectCommand({ Bucket: "bucket", Key: "copy", CopySource: "sources/small", ...input }));
const head = (Key: string, Bucket = "bucket") =>
  client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
const bytesOf = async (Key: string) => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: "bucket", Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const raw = (headers: Record<string, string>) => sherd.raw({ method: "PUT", path: "/bucket/refused", headers });
const refused = async (headers: Record<string, string>) => {
  const elements = errorElements(await raw({ "x-amz-copy-source": "sources/small", ...headers }));
  expect((await refusalOf(head("refused"))).status).toBe(404);
  return elements;
};

describe("CopyObject", () => {
  it("copies bytes, attributes and checksum", async () => {
    const source = await head("small", "sources");
    const { CopyObjectResult } = await copy();
    expect(CopyObjectResult).toMatchObject({
      ETag: source.ETag,
      ChecksumCRC32: "poTHxg==",
      ChecksumType: "FULL_OBJECT",
    });
    expect(CopyObjectResult?.LastModified?.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect((await bytesOf("copy")).toString()).toBe("0123456789");
    expect(await head("copy")).toMatchObject({
      ContentType: "text/css",
      CacheControl: "no-cache",
      Metadata: { a: "b" },
      ChecksumCRC32: "poTHxg==",
    });
  });

  it("copies an object on drives, which lives on without its source", async () => {
    await copy({ Key: "intermediate", CopySource: encodeURI("/sources/a b%2Bä/€").replaceAll("%252B", "%2B") });
    await copy({ Key: "large", CopySource: "bucket/intermediate" });
    await client.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "intermediate" }));
    expect(Buffer.compare(await bytesOf("large"), large)).toBe(0);
  });

  it("with another checksum keeps none of the parts'", async () => {
    await client.send(
      new PutObjectCommand({ Bucket: "bucket", Key: "parts", Body: "one", ChecksumAlgorithm: "CRC32" }),
    );
    const more = { WriteOffsetBytes: 3, ChecksumAlgorithm: "CRC32" as const };
    await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "parts", Body: "two", ...more }));
    await copy({ Key: "parts", CopySource: "bucket/parts", ChecksumAlgorithm: "SHA256" });
    const part = { Bucket: "bucket", Key: "parts", PartNumber: 2, ChecksumMode: "ENABLED" as const };
    // The SDK verifies what it is given.
    const { Body, ChecksumSHA256 } = await client.send(new GetObjectCommand(part));
    expect([await Body?.transformToString(), ChecksumSHA256]).toEqual(["two", undefined]);
  });

  it("replaces attributes where it is told to", async () => {
    await copy({
      Key: "replaced",
      MetadataDirective: "REPLACE",
      ContentType: "text/plain",
      Metadata: { c: "d" },
    });
    const got = await head("replaced");
    expect(got).toMatchObject({ ContentType: "text/plain", Metadata: { c: "d" } });
    expect(got.CacheControl).toBeUndefined();
  });

  it("takes no attributes of the request where it is not", async () => {
    await copy({ Key: "ignored", ContentType: "text/plain", Metadata: { c: "d" } });
    expect(await head("ignored")).toMatchObject({ ContentType: "text/css", Metadata: { a: "b" } });
  });

  it("copies an object onto itself to change it", async () => {
    await copy({ Key: "self" });
    const self = { Key: "self", CopySource: "bucket/self" };
    expect(await refusalOf(copy(self))).toEqual({
      status: 400,
      code: "InvalidRequest",
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
        "metadata, storage class, website redirect location or encryption attributes.",
    });
    await copy({ ...self, MetadataDirective: "REPLACE", Metadata: { e: "f" } });
    expect((await head("self")).Metadata).toEqual({ e: "f" });
    expect((await bytesOf("self")).toString()).toBe("0123456789");
    await copy({ ...self, ChecksumAlgorithm: "SHA256" });
    expect((await head("self")).ChecksumSHA256).toBe("hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=");
  });

  it.each([
    { StorageClass: "STANDARD" },
    { ChecksumAlgorithm: "CRC64NVME" },
    { TaggingDirective: "REPLACE", Tagging: "" },
    { MetadataDirective: "REPLACE" },
  ] as const)("copies an object onto itself where %j is named, though it may be so already", async (named) => {
    await copy({ Key: "same" });
    await copy({ Key: "same", CopySource: "bucket/same", ...named });
    expect((await bytesOf("same")).toString()).toBe("0123456789");
  });

  it.each([{}, { MetadataDirective: "COPY" }, { TaggingDirective: "COPY" }] as const)(
    "copies no object onto itself for %j",
    async (named) => {
      await copy({ Key: "same" });
      expect((await refusalOf(copy({ Key: "same", CopySource: "bucket/same", ...named }))).code).toBe("InvalidRequest");
    },
  );

  it.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)("computes %s", async (ChecksumAlgorithm) => {
    const CopySource = `sources/${encodeURIComponent("a b+ä/€")}`;
    const { CopyObjectResult } = await copy({ Key: "sum", CopySource, ChecksumAlgorithm });
    const put = new PutObjectCommand({ Bucket: "bucket", Key: "reference", Body: large, ChecksumAlgorithm });
    const name = `Checksum${ChecksumAlgorithm}` as const;
    expect(CopyObjectResult?.[name]).toBe((await client.send(put))[name]);
  });
});

describe("CopyObject under conditions", () => {
  it("on the source", async () => {
    const { ETag, LastModified } = await head("small", "sources");
    for (const condition of [
      { CopySourceIfMatch: '"other"' },
      { CopySourceIfNoneMatch: ETag },
      { CopySourceIfUnmodifiedSince: new Date(0) },
      { CopySourceIfModifiedSince: new Date(Date.now() + 60_000) },
    ]) {
      expect(await refusalOf(copy({ Key: "refused", ...condition }))).toMatchObject({
        status: 412,
        code: "PreconditionFailed",
      });
    }
    expect((await refusalOf(head("refused"))).status).toBe(404);
    for (const condition of [
      { CopySourceIfMatch: ETag, CopySourceIfUnmodifiedSince: new Date(0) },
      { CopySourceIfNoneMatch: '"other"', CopySourceIfModifiedSince: new Date(Date.now() + 60_000) },
      { CopySourceIfUnmodifiedSince: LastModified },
    ]) {
      await copy({ Key: "held", ...condition });
    }
  });

  it("on what it replaces", async () => {
    await copy({ Key: "once", IfNoneMatch: "*" });
    expect((await refusalOf(copy({ Key: "once", IfNoneMatch: "*" }))).code).toBe("PreconditionFailed");
    expect((await refusalOf(copy({ Key: "once", IfMatch: '"other"' }))).code).toBe("PreconditionFailed");
    await copy({ Key: "once", IfMatch: (await head("once")).ETag });
  });
});

describe("CopyObject and versions", () => {
  const Bucket = "versions";
  const put = async (Key: string, Body: string) =>
    (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId ?? "";
  beforeAll(() => versionedBucket(client, Bucket));

  it("copies the version that is named, and names both", async () => {
    const old = await put("source", "old");
    const newest = await put("source", "newest");
    const copied = await copy({ Key: "of-old", CopySource: `${Bucket}/source?versionId=${old}` });
    expect([copied.CopySourceVersionId, copied.VersionId]).toEqual([old, undefined]);
    expect((await bytesOf("of-old")).toString()).toBe("old");
    const within = await copy({ Bucket, Key: "copy", CopySource: `${Bucket}/source` });
    expect(within.CopySourceVersionId).toBe(newest);
    expect(within.VersionId).toBe((await head("copy", Bucket)).VersionId);
  });

  it("makes an old version the newest one", async () => {
    const old = await put("restored", "old");
    await put("restored", "newest");
    const { VersionId } = await copy({ Bucket, Key: "restored", CopySource: `${Bucket}/restored?versionId=${old}` });
    expect(await head("restored", Bucket)).toMatchObject({ VersionId, ContentLength: 3 });
  });

  it("names no version where the target's are suspended", async () => {
    await versionedBucket(client, "suspended");
    await setVersioning(client, "suspended", "Suspended");
    expect((await copy({ Bucket: "suspended" })).VersionId).toBeUndefined();
    const { CopySourceVersionId } = await copy({ CopySource: "suspended/copy" });
    expect(CopySourceVersionId).toBe("null");
  });

  it("copies no delete marker", async () => {
    await put("marked", "x");
    const { VersionId } = await client.send(new DeleteObjectCommand({ Bucket, Key: "marked" }));
    expect(await refusalOf(copy({ CopySource: `${Bucket}/marked?versionId=${VersionId}` }))).toEqual({
      status: 400,
      code: "InvalidRequest",
      message: "The source of a copy request may not specifically refer to a delete marker by version id.",
    });
    expect((await refusalOf(copy({ CopySource: `${Bucket}/marked` }))).code).toBe("NoSuchKey");
  });
});

describe("CopyObject refuses", () => {
  it.each([
    ["sources/absent", 404, "NoSuchKey"],
    ["nobody/small", 404, "NoSuchBucket"],
    ["sources", 400, "InvalidArgument"],
    ["sources/", 400, "InvalidArgument"],
    ["sources/%ZZ", 400, "InvalidArgument"],
    ["so&rces/small", 400, "InvalidArgument"],
    ["sources/small?versionId=3HL4kqtJvjVBH40Nrjfkd", 400, "InvalidArgument"],
    [`sources/small?versionId=${ABSENT_VERSION}`, 404, "NoSuchVersion"],
  ])("the source %s", async (CopySource, status, code) => {
    expect(await refusalOf(copy({ Key: "refused", CopySource }))).toMatchObject({ status, code });
  });

  it("takes the version null of a source", async () => {
    await copy({ CopySource: "sources/small?versionId=null" });
  });

  it("a target bucket that does not exist", async () => {
    expect(await refusalOf(copy({ Bucket: "nobody" }))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });

  it.each([
    [{ "x-amz-metadata-directive": "MERGE" }, "InvalidArgument"],
    [{ "x-amz-tagging-directive": "MERGE" }, "InvalidArgument"],
    [{ "x-amz-storage-class": "EXPRESS_ONEZONE" }, "InvalidStorageClass"],
    [{ "x-amz-checksum-algorithm": "CRC16" }, "InvalidRequest"],
    [{ "x-amz-server-side-encryption": "AES128" }, "InvalidArgument"],
    [{ "x-amz-metadata-directive": "REPLACE", "x-amz-meta-a": "x".repeat(2100) }, "MetadataTooLarge"],
    [{ "if-none-match": '"x"' }, "NotImplemented"],
  ] as [Record<string, string>, string][])("%j: %s", async (headers, code) => {
    expect((await refused(headers)).Code).toBe(code);
  });
});
