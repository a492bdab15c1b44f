import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandInput,
  GetObjectCommand,
  ListObjectsV2Command,
  type ObjectIdentifier,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, FOREIGN_VERSION, versionedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  await put("kept");
});
afterAll(() => sherd?.stop());

const put = (Key: string) => client.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "x" }));
const remove = (Objects: ObjectIdentifier[], more: Partial<DeleteObjectsCommandInput> & { Quiet?: boolean } = {}) => {
  const { Quiet, ...input } = more;
  return client.send(
    new DeleteObjectsCommand({ Bucket: "bucket", Delete: { Objects, ...(Quiet && { Quiet }) }, ...input }),
  );
};
const keys = async () => {
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: "bucket" }));
  return (Contents ?? []).map(({ Key }) => Key);
};
const md5 = (body: string) => ({ "content-md5": createHash("md5").update(body).digest("base64") });
const post = (body: string, headers: Record<string, string> = md5(body)) =>
  sherd.raw({ method: "POST", path: "/bucket?delete", body, headers });

describe("DeleteObjects", () => {
  it("deletes what is listed and says so", async () => {
    const listed = ["a", "b & c", "d/e", "ä€", " space "];
    await Promise.all(listed.map(put));
    const { Deleted, Errors } = await remove([...listed, "never"].map((Key) => ({ Key })));
    expect(Deleted).toEqual([...listed, "never"].map((Key) => ({ Key })));
    expect(Errors).toBeUndefined();
    expect(await keys()).toEqual(["kept"]);
  });

  it("takes a thousand keys of 1,024 bytes, some of them there", { tags: ["slow"] }, async () => {
    const listed = Array.from({ length: 1000 }, (_, index) => `${index}`.padStart(1024, "&"));
    await Promise.all(listed.slice(0, 30).map(put));
    const { Deleted } = await remove(listed.map((Key) => ({ Key })));
    expect(Deleted).toHaveLength(1000);
    expect(await keys()).toEqual(["kept"]);
  });

  it("answers failures alone where it is to be quiet", async () => {
    await put("quiet");
    const long = "x".repeat(1025);
    const { Deleted, Errors } = await remove([{ Key: "quiet" }, { Key: long }], { Quiet: true });
    expect(Deleted).toBeUndefined();
    expect(Errors).toEqual([{ Key: long, Code: "KeyTooLongError", Message: "Your key is too long" }]);
    expect(await keys()).toEqual(["kept"]);
  });

  it("refuses keys one by one and deletes the others", async () => {
    await put("other");
    const { Deleted, Errors } = await remove([
      { Key: "other", VersionId: "null" },
      { Key: "kept", VersionId: FOREIGN_VERSION },
    ]);
    expect(Deleted).toEqual([{ Key: "other", VersionId: "null" }]);
    expect(Errors).toMatchObject([{ Key: "kept", VersionId: FOREIGN_VERSION, Code: "NoSuchVersion" }]);
    expect(await keys()).toEqual(["kept"]);
  });

  it("reports a key as often as it is listed", async () => {
    const { Deleted } = await remove([{ Key: "same" }, { Key: "same" }]);
    expect(Deleted).toEqual([{ Key: "same" }, { Key: "same" }]);
  });

  it.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)("accepts %s for the list", async (algorithm) => {
    const { Deleted } = await remove([{ Key: "x" }], { ChecksumAlgorithm: algorithm });
    expect(Deleted).toHaveLength(1);
  });

  it("accepts Content-MD5 for the list", async () => {
    const response = await post("<Delete><Object><Key>x</Key></Object></Delete>");
    expect(response.status).toBe(200);
    expect(response.text).toContain("<Deleted><Key>x</Key></Deleted>");
    expect(response.headers["content-type"]).toBe("application/xml");
  });
});

describe("DeleteObjects with versions", () => {
  const Bucket = "versions";
  const write = async (Key: string) =>
    (await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))).VersionId ?? "";
  beforeAll(() => versionedBucket(client, Bucket));

  it("names the markers that it leaves", async () => {
    await write("key");
    const { Deleted = [] } = await remove([{ Key: "key" }, { Key: "never" }], { Bucket });
    expect(Deleted).toMatchObject([
      { Key: "key", DeleteMarker: true },
      { Key: "never", DeleteMarker: true },
    ]);
    for (const { VersionId, DeleteMarkerVersionId } of Deleted) {
      expect(VersionId).toBeUndefined();
      expect(DeleteMarkerVersionId).toMatch(/^[0-9A-Z]{32}$/);
    }
  });

  it("removes versions and markers for good", async () => {
    const [first, second] = [await write("removed"), await write("removed")];
    const { Deleted: [marked] = [] } = await remove([{ Key: "removed" }], { Bucket });
    const marker = marked?.DeleteMarkerVersionId ?? "";
    const { Deleted } = await remove(
      [
        { Key: "removed", VersionId: second },
        { Key: "removed", VersionId: marker },
        { Key: "removed", VersionId: ABSENT_VERSION },
      ],
      { Bucket },
    );
    expect(Deleted).toEqual([
      { Key: "removed", VersionId: second },
      { Key: "removed", VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
      { Key: "removed", VersionId: ABSENT_VERSION },
    ]);
    expect((await client.send(new GetObjectCommand({ Bucket, Key: "removed" }))).VersionId).toBe(first);
  });
});

describe("DeleteObjects on conditions", () => {
  it.each([false, true])("deletes what meets its own; versioned: %s", async (versioned) => {
    const Bucket = versioned ? "conditional-versions" : "conditional";
    if (versioned) await versionedBucket(client, Bucket);
    else await client.send(new CreateBucketCommand({ Bucket }));
    const write = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: "12345" }));
    const names = ["etag", "any", "size", "time", "other", "smaller", "older", "plain"];
    const [written] = await Promise.all(names.map(write));
    const { LastModified } = await client.send(new GetObjectCommand({ Bucket, Key: "time" }));
    const { Deleted = [], Errors } = await remove(
      [
        { Key: "etag", ETag: written?.ETag },
        { Key: "any", ETag: "*" },
        { Key: "size", Size: 5 },
        { Key: "time", LastModifiedTime: LastModified, ETag: written?.ETag, Size: 5 },
        { Key: "other", ETag: "other" },
        { Key: "smaller", Size: 4 },
        { Key: "older", LastModifiedTime: new Date(0) },
        { Key: "never", ETag: "*" },
        { Key: "plain" },
      ],
      { Bucket },
    );
    expect(Deleted.map(({ Key }) => Key)).toEqual(["etag", "any", "size", "time", "plain"]);
    expect(Deleted.map(({ DeleteMarker = false }) => DeleteMarker)).toEqual(Array(5).fill(versioned));
    expect(Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([
      ["other", "PreconditionFailed"],
      ["smaller", "PreconditionFailed"],
      ["older", "PreconditionFailed"],
      ["never", "NoSuchKey"],
    ]);
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(["older", "other", "smaller"]);
  });

  it("refuses what it cannot decide", async () => {
    const Bucket = "undecided";
    await client.send(new CreateBucketCommand({ Bucket }));
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x" }));
    const { Deleted, Errors } = await remove(
      [
        { Key: "key", ETag: "other" },
        { Key: "key", ETag },
        { Key: "key", ETag, VersionId: "null" },
      ],
      { Bucket },
    );
    expect(Deleted).toBeUndefined();
    expect(Errors?.map(({ Code }) => Code)).toEqual(["PreconditionFailed", "InvalidRequest", "NotImplemented"]);
  });
});

describe("DeleteObjects deletes nothing for", () => {
  const list = "<Delete><Object><Key>kept</Key></Object></Delete>";
  const refused = async (body: string, headers?: Record<string, string>) => {
    const { status, Code } = errorElements(await post(body, headers));
    expect(await keys()).toEqual(["kept"]);
    return { status, Code };
  };

  it("a list without a digest", async () => {
    expect(await refused(list, {})).toEqual({ status: "400", Code: "InvalidRequest" });
  });

  it("a list that does not match its digest", async () => {
    expect(await refused(list, md5("other"))).toEqual({ status: "400", Code: "BadDigest" });
    expect(await refused(list, { "content-md5": "x" })).toEqual({ status: "400", Code: "InvalidDigest" });
    expect(await refused(list, { "x-amz-checksum-crc32": "AAAAAA==" })).toEqual({ status: "400", Code: "BadDigest" });
  });

  it.each([
    "<Delete></Delete>",
    "<Delete><Object></Object></Delete>",
    "<Delete><Object><Key>kept</Key></Object>",
    "<Remove><Object><Key>kept</Key></Object></Remove>",
    `<Delete>${"<Object><Key>kept</Key></Object>".repeat(1001)}</Delete>`,
    '<!DOCTYPE d [<!ENTITY k "kept">]><Delete><Object><Key>&k;</Key></Object></Delete>',
  ])("malformed XML: %.60s", async (body) => {
    expect(await refused(body)).toEqual({ status: "400", Code: "MalformedXML" });
  });

  it("no body", async () => {
    expect(await refused("")).toEqual({ status: "400", Code: "MissingRequestBodyError" });
  });

  it("a list beyond all bounds", { tags: ["slow"] }, async () => {
    const body = `<Delete>${" ".repeat(8 * 1024 * 1024)}</Delete>`;
    expect(await refused(body)).toEqual({ status: "400", Code: "MaxMessageLengthExceeded" });
  });

  it("a bucket that does not exist", async () => {
    expect(await refusalOf(remove([{ Key: "kept" }], { Bucket: "nobody" }))).toMatchObject({
      status: 404,
      code: "NoSuchBucket",
    });
  });
});
