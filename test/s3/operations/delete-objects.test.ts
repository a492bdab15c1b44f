import { createHash } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandInput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../support/sherd.ts";
import { errorElements, refusalOf } from "./refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const put = (Key: string) => client.send(new PutObjectCommand({ Bucket: "bucket", Key, Body: "x" }));
const remove = (
  Objects: { Key: string; VersionId?: string }[],
  more: Partial<DeleteObjectsCommandInput> & { Quiet?: boolean } = {},
) => {
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
    await Promise.all([...listed, "kept"].map(put));
    const { Deleted, Errors } = await remove([...listed, "never"].map((Key) => ({ Key })));
    expect(Deleted).toEqual([...listed, "never"].map((Key) => ({ Key })));
    expect(Errors).toBeUndefined();
    expect(await keys()).toEqual(["kept"]);
  });

  it("takes a thousand keys, some of them there", async () => {
    const listed = Array.from({ length: 1000 }, (_, index) => `many/${index}`);
    await Promise.all(listed.slice(0, 30).map(put));
    const { Deleted } = await remove(listed.map((Key) => ({ Key })));
    expect(Deleted).toHaveLength(1000);
    expect(await keys()).toEqual(["kept"]);
  });

  it("takes a thousand keys of 1,024 bytes", async () => {
    const listed = Array.from({ length: 1000 }, (_, index) => `${index}`.padStart(1024, "&"));
    const { Deleted } = await remove(listed.map((Key) => ({ Key })));
    expect(Deleted).toHaveLength(1000);
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
      { Key: "kept", VersionId: "3HL4kqtJvjVBH40Nrjfkd" },
    ]);
    expect(Deleted).toEqual([{ Key: "other", VersionId: "null" }]);
    expect(Errors).toMatchObject([{ Key: "kept", VersionId: "3HL4kqtJvjVBH40Nrjfkd", Code: "NoSuchVersion" }]);
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
    "",
    "<Delete></Delete>",
    "<Delete><Object></Object></Delete>",
    "<Delete><Object><Key>kept</Key></Object>",
    "<Remove><Object><Key>kept</Key></Object></Remove>",
    `<Delete>${"<Object><Key>kept</Key></Object>".repeat(1001)}</Delete>`,
    '<!DOCTYPE d [<!ENTITY k "kept">]><Delete><Object><Key>&k;</Key></Object></Delete>',
  ])("malformed XML: %.60s", async (body) => {
    expect(await refused(body)).toEqual({ status: "400", Code: "MalformedXML" });
  });

  it("a list beyond all bounds", async () => {
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
