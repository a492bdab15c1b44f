import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const create = (input: Partial<CreateMultipartUploadCommandInput> = {}) =>
  client.send(new CreateMultipartUploadCommand({ Bucket: "bucket", Key: "key", ...input }));

describe("CreateMultipartUpload", () => {
  it("begins an upload that is listed and is no object yet", async () => {
    const { Bucket, Key, UploadId } = await create({ Key: "a & b" });
    expect({ Bucket, Key }).toEqual({ Bucket: "bucket", Key: "a & b" });
    expect(UploadId).toMatch(/^[\w.-]{16,}$/);
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket" }));
    expect(Uploads).toContainEqual(expect.objectContaining({ Key: "a & b", UploadId }));
    expect((await refusalOf(client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "a & b" })))).status).toBe(404);
  });

  it("begins another upload each time", async () => {
    expect((await create()).UploadId).not.toBe((await create()).UploadId);
  });

  it("settles attributes of the object to come", async () => {
    const { UploadId } = await create({
      Key: "attributes",
      ContentType: "text/css",
      ContentDisposition: "inline",
      CacheControl: "no-cache",
      Metadata: { a: "b" },
      StorageClass: "STANDARD",
    });
    const upload = { Bucket: "bucket", Key: "attributes", UploadId };
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x" }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    expect(await client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "attributes" }))).toMatchObject({
      ContentType: "text/css",
      ContentDisposition: "inline",
      CacheControl: "no-cache",
      Metadata: { a: "b" },
    });
  });

  it.each([
    ["CRC32", undefined, "COMPOSITE"],
    ["CRC32C", "FULL_OBJECT", "FULL_OBJECT"],
    ["CRC64NVME", undefined, "FULL_OBJECT"],
    ["SHA1", undefined, "COMPOSITE"],
    ["SHA256", "COMPOSITE", "COMPOSITE"],
  ] as const)("answers the checksum settled: %s %s", async (ChecksumAlgorithm, sent, ChecksumType) => {
    const answer = await create({ ChecksumAlgorithm, ...(sent && { ChecksumType: sent }) });
    expect(answer).toMatchObject({ ChecksumAlgorithm, ChecksumType });
  });

  it.each([
    [{ "x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "FULL_OBJECT" }, "InvalidRequest"],
    [{ "x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE" }, "InvalidRequest"],
    [{ "x-amz-checksum-type": "COMPOSITE" }, "InvalidRequest"],
    [{ "x-amz-checksum-algorithm": "CRC16" }, "InvalidRequest"],
    [{ "x-amz-checksum-algorithm": "XXHASH32" }, "InvalidRequest"],
    [{ "x-amz-storage-class": "EXPRESS_ONEZONE" }, "InvalidStorageClass"],
    [{ "x-amz-meta-a": "x".repeat(2100) }, "MetadataTooLarge"],
    [{ "x-amz-server-side-encryption": "aws:none" }, "InvalidArgument"],
  ] as [Record<string, string>, string][])("refuses %j: %s", async (headers, code) => {
    const response = await sherd.raw({ method: "POST", path: "/bucket/refused?uploads", headers });
    expect(errorElements(response).Code).toBe(code);
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket", Prefix: "refused" }));
    expect(Uploads).toBeUndefined();
  });

  it("names a bucket that does not exist", async () => {
    expect(await refusalOf(create({ Bucket: "nobody" }))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
