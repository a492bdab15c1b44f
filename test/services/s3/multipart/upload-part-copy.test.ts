import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, versionedBucket } from "../versioned.ts";

const MiB = 1024 * 1024;
const source = pattern(6 * MiB, 3);
let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  for (const Bucket of ["bucket", "sources"]) await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket: "sources", Key: "large file", Body: source }));
  await client.send(new PutObjectCommand({ Bucket: "sources", Key: "small", Body: "0123456789" }));
});
afterAll(() => sherd?.stop());

const Key = "key";
async function begin(checksum: { ChecksumAlgorithm?: "CRC32" | "SHA256" } = {}): Promise<string> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: "bucket", Key, ...checksum }));
  return UploadId ?? "";
}
const copy = (input: Partial<UploadPartCopyCommandInput> & { UploadId: string }) =>
  client.send(
    new UploadPartCopyCommand({ Bucket: "bucket", Key, PartNumber: 1, CopySource: "sources/large%20file", ...input }),
  );
const partsOf = async (UploadId: string) =>
  (await client.send(new ListPartsCommand({ Bucket: "bucket", Key, UploadId }))).Parts ?? [];

describe("UploadPartCopy", () => {
  it("makes parts of an object and of ranges of objects", async () => {
    const UploadId = await begin();
    const copies = [
      await copy({ UploadId, PartNumber: 1 }),
      await copy({ UploadId, PartNumber: 2, CopySourceRange: `bytes=1000-${5 * MiB + 999}` }),
      await copy({ UploadId, PartNumber: 3, CopySource: "/sources/small", CopySourceRange: "bytes=2-4" }),
    ];
    expect((await partsOf(UploadId)).map(({ Size }) => Size)).toEqual([6 * MiB, 5 * MiB, 3]);
    const Parts = copies.map(({ CopyPartResult }, index) => ({ PartNumber: index + 1, ETag: CopyPartResult?.ETag }));
    expect((await partsOf(UploadId)).map(({ ETag }) => ETag)).toEqual(Parts.map(({ ETag }) => ETag));
    expect(copies[0]?.CopyPartResult?.LastModified).toBeInstanceOf(Date);
    const upload = { Bucket: "bucket", Key, UploadId };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: "bucket", Key }));
    const whole = Buffer.concat([source, source.subarray(1000, 5 * MiB + 1000), Buffer.from("234")]);
    expect(Buffer.compare((await Body?.transformToByteArray()) ?? new Uint8Array(0), whole)).toBe(0);
  });

  it.each(["CRC32", "SHA256"] as const)("computes the checksum of the upload: %s", async (ChecksumAlgorithm) => {
    const UploadId = await begin({ ChecksumAlgorithm });
    const { CopyPartResult } = await copy({ UploadId, CopySource: "sources/small" });
    const value = CopyPartResult?.[`Checksum${ChecksumAlgorithm}`];
    expect(value).toBe(
      { CRC32: "poTHxg==", SHA256: "hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=" }[ChecksumAlgorithm],
    );
  });

  it("holds to conditions on the source", async () => {
    const UploadId = await begin();
    const head = await client.send(new HeadObjectCommand({ Bucket: "sources", Key: "small" }));
    const CopySource = "sources/small";
    for (const condition of [
      { CopySourceIfMatch: '"other"' },
      { CopySourceIfNoneMatch: head.ETag },
      { CopySourceIfUnmodifiedSince: new Date(0) },
      { CopySourceIfModifiedSince: new Date(Date.now() + 60_000) },
    ]) {
      expect(await refusalOf(copy({ UploadId, CopySource, ...condition }))).toMatchObject({
        status: 412,
        code: "PreconditionFailed",
      });
    }
    expect(await partsOf(UploadId)).toEqual([]);
    await copy({ UploadId, CopySource, CopySourceIfMatch: head.ETag, CopySourceIfUnmodifiedSince: new Date(0) });
    expect(await partsOf(UploadId)).toHaveLength(1);
  });
});

describe("UploadPartCopy of a version", () => {
  it("names it, and takes its bytes and not the newest ones", async () => {
    await versionedBucket(client, "versions");
    const put = (Body: string) => client.send(new PutObjectCommand({ Bucket: "versions", Key: "source", Body }));
    const { VersionId: old } = await put("old");
    const { VersionId: newest } = await put("newest");
    const UploadId = await begin();
    const copied = await copy({ UploadId, CopySource: `versions/source?versionId=${old}` });
    expect(copied.CopySourceVersionId).toBe(old);
    expect((await copy({ UploadId, PartNumber: 2, CopySource: "versions/source" })).CopySourceVersionId).toBe(newest);
    expect((await partsOf(UploadId)).map(({ Size }) => Size)).toEqual([3, 6]);
    expect((await copy({ UploadId, PartNumber: 3, CopySource: "sources/small" })).CopySourceVersionId).toBeUndefined();
  });
});

describe("UploadPartCopy refuses", () => {
  it.each([
    ["byte=1-2", "must be of the form"],
    ["bytes=2-1", "must be of the form"],
    ["bytes=1-", "must be of the form"],
    ["bytes=-3", "must be of the form"],
    ["bytes=0-10", "not valid for source object of size: 10"],
    ["bytes=10-20", "not valid for source object of size: 10"],
  ])("the range %s", async (CopySourceRange, message) => {
    const UploadId = await begin();
    const refusal = await refusalOf(copy({ UploadId, CopySource: "sources/small", CopySourceRange }));
    expect(refusal).toMatchObject({ status: 400, code: "InvalidArgument", message: expect.stringContaining(message) });
    expect(await partsOf(UploadId)).toEqual([]);
  });

  it("sources that do not exist or cannot", async () => {
    const UploadId = await begin();
    const code = async (CopySource: string) => (await refusalOf(copy({ UploadId, CopySource }))).code;
    expect(await code("sources/absent")).toBe("NoSuchKey");
    expect(await code("nobody/small")).toBe("NoSuchBucket");
    expect(await code("sources")).toBe("InvalidArgument");
    expect(await code("sources/%ZZ")).toBe("InvalidArgument");
    expect(await code("sources/small?versionId=other")).toBe("InvalidArgument");
    expect(await code(`sources/small?versionId=${ABSENT_VERSION}`)).toBe("NoSuchVersion");
  });

  it("uploads and parts that cannot be", async () => {
    expect((await refusalOf(copy({ UploadId: "unknown" }))).code).toBe("NoSuchUpload");
    const UploadId = await begin();
    expect((await refusalOf(copy({ UploadId, Key: "other" }))).code).toBe("NoSuchUpload");
    expect((await refusalOf(copy({ UploadId, PartNumber: 10_001 }))).code).toBe("InvalidArgument");
  });

  it("half a key of the client's own for encryption", async () => {
    const UploadId = await begin();
    const headers = {
      "x-amz-copy-source": "sources/small",
      "x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256",
    };
    const path = `/bucket/${Key}?partNumber=1&uploadId=${UploadId}`;
    expect((await sherd.raw({ method: "PUT", path, headers })).status).toBe(400);
  });
});
