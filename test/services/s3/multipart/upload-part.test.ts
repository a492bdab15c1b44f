import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
  type UploadPartCommandInput,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements, refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const Key = "key";
async function begin(checksum: { ChecksumAlgorithm?: ChecksumAlgorithm; ChecksumType?: ChecksumType } = {}) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: "bucket", Key, ...checksum }));
  return UploadId ?? "";
}
const upload = (input: Partial<UploadPartCommandInput> & { UploadId: string }) =>
  client.send(new UploadPartCommand({ Bucket: "bucket", Key, PartNumber: 1, ...input }));
const parts = async (UploadId: string) => {
  const { Parts } = await client.send(new ListPartsCommand({ Bucket: "bucket", Key, UploadId }));
  return Parts ?? [];
};
/** Sends a part by hand, without the checksum that the SDK adds. */
const raw = (UploadId: string, given: Partial<Parameters<Sherd["raw"]>[0]> = {}, number = "1") =>
  sherd.raw({
    method: "PUT",
    path: `/bucket/${Key}?partNumber=${number}&uploadId=${UploadId}`,
    body: "part",
    ...given,
  });
const md5Hex = (bytes: Uint8Array | string) => createHash("md5").update(bytes).digest("hex");

describe("UploadPart", () => {
  it.each([0, 1, 100_000, 5 * 1024 * 1024 + 3])("keeps a part of %d bytes", async (size) => {
    const UploadId = await begin();
    const Body = pattern(size);
    const { ETag } = await upload({ UploadId, PartNumber: 10_000, Body });
    expect(ETag).toBe(`"${md5Hex(Body)}"`);
    expect(await parts(UploadId)).toMatchObject([{ PartNumber: 10_000, Size: size, ETag }]);
  });

  it("replaces a part of the same number", async () => {
    const UploadId = await begin();
    await upload({ UploadId, Body: "first" });
    await upload({ UploadId, Body: "other one" });
    expect(await parts(UploadId)).toMatchObject([{ PartNumber: 1, Size: 9, ETag: `"${md5Hex("other one")}"` }]);
  });

  it("takes parts at the same time and in any order", async () => {
    const UploadId = await begin();
    const numbers = [7, 3, 9, 1, 5];
    await Promise.all(
      numbers.map((PartNumber) => upload({ UploadId, PartNumber, Body: pattern(200_000, PartNumber) })),
    );
    expect((await parts(UploadId)).map(({ PartNumber }) => PartNumber)).toEqual([1, 3, 5, 7, 9]);
  });

  it.each([
    ["CRC32", "COMPOSITE"],
    ["CRC32", "FULL_OBJECT"],
    ["CRC32C", "COMPOSITE"],
    ["CRC64NVME", "FULL_OBJECT"],
    ["SHA1", "COMPOSITE"],
    ["SHA256", "COMPOSITE"],
  ] as const)("verifies and keeps %s, %s", async (ChecksumAlgorithm, ChecksumType) => {
    const UploadId = await begin({ ChecksumAlgorithm, ChecksumType });
    const part = await upload({ UploadId, Body: pattern(70_000), ChecksumAlgorithm });
    const name = `Checksum${ChecksumAlgorithm}` as const;
    expect(part[name]).toBeTruthy();
    expect((await parts(UploadId))[0]?.[name]).toBe(part[name]);
  });

  it("computes the checksum of a full-object upload where the part brings none", async () => {
    for (const [ChecksumAlgorithm, header] of [
      ["CRC32", "y/Q5Jg=="],
      ["CRC64NVME", "rosUhgp5mIg="],
    ] as const) {
      const UploadId = await begin({ ChecksumAlgorithm, ChecksumType: "FULL_OBJECT" });
      const response = await raw(UploadId, { body: "123456789" });
      expect(response.headers[`x-amz-checksum-${ChecksumAlgorithm.toLowerCase()}`]).toBe(header);
    }
  });

  it("verifies a checksum also where the upload keeps none", async () => {
    const UploadId = await begin();
    const good = await raw(UploadId, { body: "123456789", headers: { "x-amz-checksum-crc32": "y/Q5Jg==" } });
    expect(good.headers["x-amz-checksum-crc32"]).toBe("y/Q5Jg==");
    const bad = await raw(UploadId, { body: "12345678", headers: { "x-amz-checksum-crc32": "y/Q5Jg==" } });
    expect(errorElements(bad).Code).toBe("BadDigest");
  });
});

describe("UploadPart refuses, and keeps nothing of,", () => {
  const refused = async (UploadId: string, given: Partial<Parameters<Sherd["raw"]>[0]>, number = "1") => {
    const elements = errorElements(await raw(UploadId, given, number));
    expect(await parts(UploadId)).toEqual([]);
    return elements;
  };

  it.each(["0", "10001", "-1", "one", "1.5"])("part number %j", async (number) => {
    expect(await refused(await begin(), {}, number)).toMatchObject({
      status: "400",
      Code: "InvalidArgument",
      Message: "Part number must be an integer between 1 and 10000, inclusive",
      ArgumentName: "partNumber",
      ArgumentValue: number,
    });
  });

  it("a body that is not what was declared", { tags: ["slow"] }, async () => {
    const UploadId = await begin();
    const body = pattern(1_500_000);
    const md5 = createHash("md5").update("other").digest("base64");
    expect(await refused(UploadId, { body, headers: { "content-md5": md5 } })).toMatchObject({ Code: "BadDigest" });
    const payload = { mode: "literal", text: "0".repeat(64) } as const;
    expect(await refused(UploadId, { body, payload })).toMatchObject({ Code: "XAmzContentSHA256Mismatch" });
    expect(await refused(UploadId, { body, headers: { "x-amz-checksum-sha1": `${"A".repeat(27)}=` } })).toMatchObject({
      Code: "BadDigest",
    });
  });

  it("a checksum of another algorithm than the upload's", async () => {
    const UploadId = await begin({ ChecksumAlgorithm: "CRC32" });
    expect(await refused(UploadId, { headers: { "x-amz-checksum-crc32c": "AAAAAA==" } })).toMatchObject({
      status: "400",
      Code: "InvalidRequest",
      Message: "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: crc32c",
    });
    expect(await refused(UploadId, {})).toMatchObject({
      Code: "InvalidRequest",
      Message: "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: null",
    });
  });

  it("an upload that does not exist", async () => {
    const noUpload = { status: 404, code: "NoSuchUpload" };
    expect(await refusalOf(upload({ UploadId: "unknown", Body: "x" }))).toMatchObject(noUpload);
    expect(await refusalOf(upload({ UploadId: "unknown", Body: pattern(3_000_000) }))).toMatchObject(noUpload);
    const UploadId = await begin();
    expect(await refusalOf(upload({ UploadId, Key: "other", Body: "x" }))).toMatchObject(noUpload);
    await client.send(new AbortMultipartUploadCommand({ Bucket: "bucket", Key, UploadId }));
    expect(await refusalOf(upload({ UploadId, Body: "x" }))).toMatchObject(noUpload);
    expect(await refusalOf(upload({ UploadId, Bucket: "nobody", Body: "x" }))).toMatchObject({ code: "NoSuchBucket" });
  });

  it("half a key of the client's own for encryption", async () => {
    const headers = { "x-amz-server-side-encryption-customer-algorithm": "AES256" };
    expect(await refused(await begin(), { headers })).toMatchObject({ status: "400" });
  });
});
