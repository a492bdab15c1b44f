import {
  type ChecksumAlgorithm,
  type ChecksumType,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  type GetObjectAttributesCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, FOREIGN_VERSION, versionedBucket } from "../versioned.ts";

const MiB = 1024 * 1024;
const ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"] as const;
let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await versionedBucket(client, "bucket");
  await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "whole", Body: "0123456789" }));
});
afterAll(() => sherd?.stop());

const get = (Key: string, input: Partial<GetObjectAttributesCommandInput> = {}) =>
  client.send(new GetObjectAttributesCommand({ Bucket: "bucket", Key, ObjectAttributes: [...ALL], ...input }));
const raw = (path: string, attributes: string, headers: Record<string, string> = {}) =>
  sherd.raw({ path: `/bucket/${path}`, headers: { "x-amz-object-attributes": attributes, ...headers } });

const bodies = [pattern(5 * MiB, 1), pattern(5 * MiB, 2), pattern(99, 3)];
async function upload(Key: string, checksum: { ChecksumAlgorithm?: ChecksumAlgorithm; ChecksumType?: ChecksumType }) {
  const target = { Bucket: "bucket", Key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, ...checksum }));
  const { ChecksumAlgorithm } = checksum;
  const parts = [];
  // With a gap: numbers are not places.
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = 1 + 2 * index;
    const part = { ...target, UploadId, PartNumber, Body, ...(ChecksumAlgorithm && { ChecksumAlgorithm }) };
    const { $metadata: _, ...sent } = await client.send(new UploadPartCommand(part));
    parts.push({ ...sent, PartNumber });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }));
  return parts;
}

describe("GetObjectAttributes", () => {
  it("answers what is asked for, and nothing else", async () => {
    const head = await client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "whole" }));
    const { $metadata: _, ...all } = await get("whole");
    expect(all).toEqual({
      ETag: head.ETag?.replaceAll('"', ""),
      Checksum: { ChecksumCRC32: "poTHxg==", ChecksumType: "FULL_OBJECT" },
      StorageClass: "STANDARD",
      ObjectSize: 10,
      LastModified: head.LastModified,
      VersionId: head.VersionId,
    });
    for (const name of ALL) {
      const { $metadata, LastModified, VersionId, ...one } = await get("whole", { ObjectAttributes: [name] });
      expect(Object.keys(one)).toEqual(name === "ObjectParts" ? [] : [name]);
    }
  });

  it("writes XML as S3 does", async () => {
    const { text } = await raw("whole?attributes", "ObjectSize, StorageClass");
    expect(text).toMatch(
      /<GetObjectAttributesResponse xmlns="[^"]+"><StorageClass>STANDARD<\/StorageClass><ObjectSize>10<\/ObjectSize><\/G/,
    );
  });

  it.each([
    ["SHA256", "COMPOSITE"],
    ["CRC32", "COMPOSITE"],
    ["CRC32C", "FULL_OBJECT"],
  ] as const)("lists parts with their checksums: %s, %s", async (ChecksumAlgorithm, ChecksumType) => {
    const name = `Checksum${ChecksumAlgorithm}` as const;
    const key = `parts-${ChecksumAlgorithm}`;
    const parts = await upload(key, { ChecksumAlgorithm, ChecksumType });
    const { ObjectParts, Checksum, ObjectSize } = await get(key);
    expect(ObjectParts).toMatchObject({
      TotalPartsCount: 3,
      PartNumberMarker: "0",
      NextPartNumberMarker: "5",
      MaxParts: 1000,
      IsTruncated: false,
    });
    expect(ObjectParts?.Parts).toEqual(
      parts.map((part, at) => ({ PartNumber: part.PartNumber, Size: bodies[at]?.length, [name]: part[name] })),
    );
    expect(Checksum?.ChecksumType).toBe(ChecksumType);
    const head = await client.send(new HeadObjectCommand({ Bucket: "bucket", Key: key, ChecksumMode: "ENABLED" }));
    expect(Checksum?.[name]).toBe(head[name]?.replace(/-3$/, ""));
    expect(ObjectSize).toBe(10 * MiB + 99);
  });

  it("lists parts in pages", async () => {
    const page = async (input: Partial<GetObjectAttributesCommandInput>) => {
      const { ObjectParts } = await get("parts-SHA256", input);
      const numbers = ObjectParts?.Parts?.map(({ PartNumber }) => PartNumber) ?? [];
      return [numbers, ObjectParts?.NextPartNumberMarker, ObjectParts?.IsTruncated];
    };
    expect(await page({ MaxParts: 2 })).toEqual([[1, 3], "3", true]);
    expect(await page({ MaxParts: 2, PartNumberMarker: "3" })).toEqual([[5], "5", false]);
    expect(await page({ PartNumberMarker: "2" })).toEqual([[3, 5], "5", false]);
    expect(await page({ PartNumberMarker: "5" })).toEqual([[], "5", false]);
    expect(await page({ MaxParts: 0 })).toEqual([[], "0", false]);
    expect(await page({ MaxParts: 5000 })).toEqual([[1, 3, 5], "5", false]);
    const odd = await raw("parts-SHA256?attributes", "ObjectParts", {
      "x-amz-max-parts": "all",
      "x-amz-part-number-marker": "-1",
    });
    expect(odd.text).toContain("<PartNumberMarker>0</PartNumberMarker>");
    expect(odd.text).toContain("<MaxParts>1000</MaxParts>");
  });

  it("counts parts that have no checksums", { tags: ["slow"] }, async () => {
    await upload("parts", {});
    const { ObjectParts, Checksum } = await get("parts");
    expect(ObjectParts).toEqual({ TotalPartsCount: 3 });
    expect(Checksum).toMatchObject({ ChecksumCRC64NVME: expect.any(String), ChecksumType: "FULL_OBJECT" });
  });

  it("answers for one version", async () => {
    const put = async (Body: string) =>
      (await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "versions", Body }))).VersionId ?? "";
    const [first, second] = [await put("1"), await put("22")];
    expect(await get("versions")).toMatchObject({ ObjectSize: 2, VersionId: second });
    expect(await get("versions", { VersionId: first })).toMatchObject({ ObjectSize: 1, VersionId: first });
    const { VersionId: marker = "" } = await client.send(
      new DeleteObjectCommand({ Bucket: "bucket", Key: "versions" }),
    );
    const hidden = await raw("versions?attributes", "ETag");
    expect([hidden.status, hidden.headers["x-amz-delete-marker"]]).toEqual([404, "true"]);
    expect((await raw(`versions?attributes&versionId=${marker}`, "ETag")).status).toBe(405);
  });
});

describe("GetObjectAttributes refuses", () => {
  it.each(["etag", "ETag,Color", "ETag,"])("the attributes %j", async (attributes) => {
    expect(errorElements(await raw("whole?attributes", attributes))).toMatchObject({
      status: "400",
      Code: "InvalidArgument",
      Message: "Invalid attribute name specified.",
      ArgumentName: "x-amz-object-attributes",
    });
  });

  it.each([{}, { "x-amz-object-attributes": "" }])("a request that names none: %j", async (headers) => {
    expect(errorElements(await sherd.raw({ path: "/bucket/whole?attributes", headers }))).toMatchObject({
      status: "400",
      Code: "InvalidRequest",
      Message: "Missing required header for this request: x-amz-object-attributes",
    });
  });

  it("what does not exist", async () => {
    expect(await refusalOf(get("absent"))).toMatchObject({ status: 404, code: "NoSuchKey" });
    expect((await refusalOf(get("whole", { VersionId: ABSENT_VERSION }))).code).toBe("NoSuchVersion");
    expect((await refusalOf(get("whole", { VersionId: FOREIGN_VERSION }))).code).toBe("InvalidArgument");
    expect((await refusalOf(get("whole", { Bucket: "nobody" }))).code).toBe("NoSuchBucket");
    const headers = { "x-amz-server-side-encryption-customer-algorithm": "AES256" };
    expect((await raw("whole?attributes", "ETag", headers)).status).toBe(400);
  });
});
