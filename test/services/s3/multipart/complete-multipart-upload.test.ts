import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { versionedBucket } from "../versioned.ts";

const MiB = 1024 * 1024;
const bodies = [pattern(5 * MiB, 1), pattern(5 * MiB + 7, 2), pattern(99, 3)];
let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

interface Begun {
  Key: string;
  UploadId: string;
  parts: CompletedPart[];
}

async function begin(
  Key: string,
  checksum: { ChecksumAlgorithm?: ChecksumAlgorithm; ChecksumType?: ChecksumType } = {},
  sent: Uint8Array[] = bodies,
): Promise<Begun> {
  const target = { Bucket: "bucket", Key };
  const { UploadId = "" } = await client.send(new CreateMultipartUploadCommand({ ...target, ...checksum }));
  const parts: CompletedPart[] = [];
  for (const [index, Body] of sent.entries()) {
    const PartNumber = index + 1;
    const { ChecksumAlgorithm } = checksum;
    const { $metadata: _, ...part } = await client.send(
      new UploadPartCommand({ ...target, UploadId, PartNumber, Body, ...(ChecksumAlgorithm && { ChecksumAlgorithm }) }),
    );
    parts.push({ ...part, PartNumber });
  }
  return { Key, UploadId, parts };
}
const complete = ({ Key, UploadId, parts }: Begun, input: Partial<CompleteMultipartUploadCommandInput> = {}) =>
  client.send(
    new CompleteMultipartUploadCommand({
      Bucket: "bucket",
      Key,
      UploadId,
      MultipartUpload: { Parts: parts },
      ...input,
    }),
  );
const post = ({ Key, UploadId }: Pick<Begun, "Key" | "UploadId">, body: string, headers: Record<string, string> = {}) =>
  sherd.raw({ method: "POST", path: `/bucket/${Key}?uploadId=${UploadId}`, body, headers });
const head = (Key: string) => client.send(new HeadObjectCommand({ Bucket: "bucket", Key, ChecksumMode: "ENABLED" }));
const etagOf = (sent: Uint8Array[]) => {
  const md5 = createHash("md5");
  for (const body of sent) md5.update(createHash("md5").update(body).digest());
  return `"${md5.digest("hex")}-${sent.length}"`;
};
/** The upload is as it was: still listed, and no object. */
async function unfinished({ Key, UploadId }: Begun): Promise<void> {
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket", Prefix: Key }));
  expect(Uploads?.map((upload) => upload.UploadId)).toContain(UploadId);
  expect((await refusalOf(head(Key))).status).toBe(404);
}

describe("CompleteMultipartUpload", () => {
  it("makes one object of the parts", { tags: ["slow"] }, async () => {
    const begun = await begin("whole & all");
    expect(await complete(begun)).toMatchObject({
      Bucket: "bucket",
      Key: "whole & all",
      ETag: etagOf(bodies),
      Location: `${sherd.endpoint}/bucket/whole%20%26%20all`,
      ChecksumType: "FULL_OBJECT",
    });
    const { Body, ...got } = await client.send(new GetObjectCommand({ Bucket: "bucket", Key: "whole & all" }));
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0);
    expect(Buffer.compare(bytes, Buffer.concat(bodies))).toBe(0);
    expect(got.ETag).toBe(etagOf(bodies));
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket", Prefix: "whole" }));
    expect(Uploads).toBeUndefined();
  });

  it("names the version that it made", async () => {
    await versionedBucket(client, "versions");
    const target = { Bucket: "versions", Key: "key" };
    const { UploadId = "" } = await client.send(new CreateMultipartUploadCommand(target));
    const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "x" }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const completing = new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload });
    const { VersionId } = await client.send(completing);
    expect((await client.send(new HeadObjectCommand(target))).VersionId).toBe(VersionId);
    expect(VersionId).toMatch(/^[0-9A-Z]{32}$/);
  });

  it("takes some of the parts", async () => {
    const begun = await begin("some");
    const [, second, third] = begun.parts;
    const parts = [second, third].filter((part) => part !== undefined);
    expect((await complete({ ...begun, parts })).ETag).toBe(etagOf(bodies.slice(1)));
    expect((await head("some")).ContentLength).toBe(5 * MiB + 7 + 99);
  });

  it("takes a single part of any size", async () => {
    await complete(await begin("single", {}, [pattern(3)]));
    await complete(await begin("nothing", {}, [pattern(0)]));
    expect((await head("single")).ContentLength).toBe(3);
    expect((await head("nothing")).ContentLength).toBe(0);
  });

  it("may be repeated, as a client does that lost the answer", async () => {
    const begun = await begin("repeated", {}, [pattern(10)]);
    const first = await complete(begun);
    const { $metadata: _, ...again } = await complete(begun);
    expect(again).toMatchObject({ ETag: first.ETag, Key: "repeated" });
  });

  it("is what the SDK's Upload does", async () => {
    const Body = Buffer.concat(bodies);
    const upload = new Upload({ client, params: { Bucket: "bucket", Key: "by-upload", Body }, partSize: 5 * MiB });
    const done = await upload.done();
    expect(done.ETag).toMatch(/-3"$/);
    expect((await head("by-upload")).ContentLength).toBe(Body.length);
  });
});

describe("CompleteMultipartUpload with checksums", () => {
  const NAME = "makes %s %s of the parts'";
  type Algorithm = "CRC32" | "CRC32C" | "CRC64NVME" | "SHA1" | "SHA256";
  const makes = async (ChecksumAlgorithm: Algorithm, ChecksumType: "FULL_OBJECT" | "COMPOSITE") => {
    const begun = await begin(`sum/${ChecksumAlgorithm}/${ChecksumType}`, { ChecksumAlgorithm, ChecksumType });
    const name = `Checksum${ChecksumAlgorithm}` as const;
    const whole = Buffer.concat(bodies);
    const expected =
      ChecksumType === "FULL_OBJECT"
        ? await checksumOf(whole, ChecksumAlgorithm)
        : `${await checksumOf(Buffer.concat(begun.parts.map((part) => Buffer.from(part[name] ?? "", "base64"))), ChecksumAlgorithm)}-3`;
    const wrong = begun.parts[0]?.[name];
    expect(await refusalOf(complete(begun, { [name]: wrong, ChecksumType }))).toMatchObject({
      status: 400,
      code: "BadDigest",
    });
    const answer = await complete(begun, { [name]: expected, ChecksumType });
    expect(answer[name]).toBe(expected);
    expect(answer.ChecksumType).toBe(ChecksumType);
    expect((await head(begun.Key))[name]).toBe(expected);
  };
  it.each([
    ["CRC64NVME", "FULL_OBJECT"],
    ["SHA256", "COMPOSITE"],
  ] as const)(NAME, makes);
  it.each([
    ["CRC32", "FULL_OBJECT"],
    ["CRC32C", "FULL_OBJECT"],
    ["CRC32", "COMPOSITE"],
    ["CRC32C", "COMPOSITE"],
    ["SHA1", "COMPOSITE"],
  ] as const)(NAME, { tags: ["slow"] }, makes);

  /** By storing the bytes once more, whole. */
  async function checksumOf(Body: Uint8Array, ChecksumAlgorithm: ChecksumAlgorithm): Promise<string> {
    const put = new PutObjectCommand({ Bucket: "bucket", Key: "reference", Body, ChecksumAlgorithm });
    return (await client.send(put))[`Checksum${ChecksumAlgorithm}` as "ChecksumCRC32"] ?? "";
  }

  it("computes CRC-64/NVME where none was asked for", { tags: ["slow"] }, async () => {
    const begun = await begin("default");
    expect((await complete(begun)).ChecksumCRC64NVME).toBe(await checksumOf(Buffer.concat(bodies), "CRC64NVME"));
  });

  it("refuses parts with another checksum, or with none where it is made of them", async () => {
    const begun = await begin("parts", { ChecksumAlgorithm: "CRC32", ChecksumType: "COMPOSITE" });
    const [first, ...rest] = begun.parts;
    const other = [{ ...first, ChecksumCRC32: rest[0]?.ChecksumCRC32 }, ...rest];
    expect(await refusalOf(complete({ ...begun, parts: other }))).toMatchObject({ status: 400, code: "InvalidPart" });
    const none = [first, ...rest].map((part) => ({ PartNumber: part?.PartNumber, ETag: part?.ETag }));
    expect(await refusalOf(complete({ ...begun, parts: none }))).toMatchObject({
      status: 400,
      code: "InvalidRequest",
      message: expect.stringContaining("It was missing for part 1 in the request."),
    });
    await unfinished(begun);
  });

  it("refuses another type than the upload's", async () => {
    const begun = await begin("type", { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" }, [pattern(9)]);
    expect(await refusalOf(complete(begun, { ChecksumType: "COMPOSITE" }))).toMatchObject({
      status: 400,
      code: "InvalidRequest",
      message: expect.stringContaining("created using the FULL_OBJECT checksum mode"),
    });
    await unfinished(begun);
  });

  it("refuses malformed ones", async () => {
    const begun = await begin("malformed", {}, [pattern(9)]);
    const etag = begun.parts[0]?.ETag;
    const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
    for (const headers of [
      { "x-amz-checksum-crc32": "x" },
      { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA==" },
      { "x-amz-checksum-type": "HALF" },
    ]) {
      expect(errorElements(await post(begun, list, headers as Record<string, string>)).Code).toBe("InvalidRequest");
    }
    await unfinished(begun);
  });
});

describe("CompleteMultipartUpload refuses, and leaves the upload as it was, for", () => {
  it("parts too small", async () => {
    const begun = await begin("small", {}, [pattern(5 * MiB - 1), pattern(10)]);
    const refusal = errorElements(await post(begun, listOf(begun.parts)));
    expect(refusal).toMatchObject({
      status: "400",
      Code: "EntityTooSmall",
      PartNumber: "1",
      ProposedSize: String(5 * MiB - 1),
      MinSizeAllowed: String(5 * MiB),
    });
    await unfinished(begun);
  });

  it("parts out of order, twice, absent or of another ETag", async () => {
    const begun = await begin("parts-list", {}, [pattern(5 * MiB), pattern(10)]);
    const [first, second] = begun.parts as [CompletedPart, CompletedPart];
    const code = async (parts: CompletedPart[]) => (await refusalOf(complete({ ...begun, parts }))).code;
    expect(await code([second, first])).toBe("InvalidPartOrder");
    expect(await code([first, first])).toBe("InvalidPartOrder");
    expect(await code([first, { ...second, PartNumber: 3 }])).toBe("InvalidPart");
    expect(await code([{ ...first, ETag: second.ETag }, second])).toBe("InvalidPart");
    expect(await code([{ ...first, PartNumber: 0 }])).toBe("InvalidArgument");
    expect(await code([{ ...first, PartNumber: 10_001 }])).toBe("InvalidArgument");
    await unfinished(begun);
  });

  it("malformed lists", async () => {
    const begun = await begin("lists", {}, [pattern(10)]);
    for (const body of [
      "",
      "<CompleteMultipartUpload></CompleteMultipartUpload>",
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
      "<CompleteMultipartUpload><Part>",
      '<!DOCTYPE d [<!ENTITY e "1">]><CompleteMultipartUpload><Part><PartNumber>&e;</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>',
    ]) {
      expect(errorElements(await post(begun, body))).toMatchObject({ status: "400", Code: "MalformedXML" });
    }
    const huge = `<CompleteMultipartUpload>${" ".repeat(5 * MiB)}</CompleteMultipartUpload>`;
    expect(errorElements(await post(begun, huge)).Code).toBe("MaxMessageLengthExceeded");
    await unfinished(begun);
  });

  it("another size than x-amz-mp-object-size", async () => {
    const begun = await begin("sized", {}, [pattern(10)]);
    const code = async (MpuObjectSize: number) => (await refusalOf(complete(begun, { MpuObjectSize }))).code;
    expect(await code(11)).toBe("InvalidRequest");
    expect(await code(-1)).toBe("InvalidRequest");
    await unfinished(begun);
    await complete(begun, { MpuObjectSize: 10 });
  });

  it("uploads that do not exist", async () => {
    const begun = await begin("gone", {}, [pattern(10)]);
    expect(await refusalOf(complete({ ...begun, UploadId: "unknown" }))).toMatchObject({
      status: 404,
      code: "NoSuchUpload",
    });
    expect((await refusalOf(complete({ ...begun, Key: "other" }))).code).toBe("NoSuchUpload");
    await client.send(new AbortMultipartUploadCommand({ Bucket: "bucket", Key: "gone", UploadId: begun.UploadId }));
    expect((await refusalOf(complete(begun))).code).toBe("NoSuchUpload");
    expect((await refusalOf(complete(begun, { Bucket: "nobody" }))).code).toBe("NoSuchBucket");
  });

  it("conditions that do not hold", async () => {
    const begun = await begin("condition", {}, [pattern(10)]);
    expect(await refusalOf(complete(begun, { IfMatch: '"other"' }))).toMatchObject({ status: 404, code: "NoSuchKey" });
    await unfinished(begun);
    await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "condition", Body: "in the way" }));
    for (const condition of [{ IfNoneMatch: "*" }, { IfMatch: '"other"' }]) {
      expect(await refusalOf(complete(begun, condition))).toMatchObject({ status: 412, code: "PreconditionFailed" });
    }
    const { ETag } = await head("condition");
    const later = await begin("condition", {}, [pattern(10)]);
    expect((await complete(later, { IfMatch: ETag })).ETag).toBe(etagOf([pattern(10)]));
    const free = await begin("free", {}, [pattern(10)]);
    await complete(free, { IfNoneMatch: "*" });
    expect((await refusalOf(complete(begun, { IfNoneMatch: '"x"' }))).code).toBe("NotImplemented");
  });
});

describe("CompleteMultipartUpload on a condition that holds of something newer than the upload", () => {
  const conflict = (condition: string, key: string) => ({
    status: "409",
    Code: "ConditionalRequestConflict",
    Condition: condition,
    Key: key,
  });
  const put = (Key: string, Bucket = "bucket") =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: "in the way" }));

  it("is in conflict where the key was written meanwhile", async () => {
    const { ETag = "" } = await put("rewritten");
    const begun = await begin("rewritten", {}, [pattern(10)]);
    await put("rewritten");
    const answer = await post(begun, listOf(begun.parts), { "if-match": ETag });
    expect(errorElements(answer)).toMatchObject(conflict("If-Match", "rewritten"));
    expect((await head("rewritten")).ETag).toBe(ETag);
    await complete(begun);
  });

  it("is in conflict where the key was deleted meanwhile, as far as there is a marker", async () => {
    await versionedBucket(client, "deleted");
    const target = { Bucket: "deleted", Key: "key" };
    await put("key", "deleted");
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "x" }));
    await client.send(new DeleteObjectCommand(target));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const completing = { ...target, UploadId, MultipartUpload };
    const conditional = client.send(new CompleteMultipartUploadCommand({ ...completing, IfNoneMatch: "*" }));
    expect(await refusalOf(conditional)).toMatchObject({ status: 409, code: "ConditionalRequestConflict" });
    await client.send(new CompleteMultipartUploadCommand(completing));
  });
});

function listOf(parts: CompletedPart[]): string {
  const elements = parts.map(
    ({ PartNumber, ETag }) => `<Part><PartNumber>${PartNumber}</PartNumber><ETag>${ETag}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload>${elements.join("")}</CompleteMultipartUpload>`;
}
