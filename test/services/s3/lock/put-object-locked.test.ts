import { createHash } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { lockedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await lockedBucket(client, "locked");
  await client.send(new CreateBucketCommand({ Bucket: "plain" }));
});
afterAll(() => sherd?.stop());

const RetainUntilDate = new Date(Date.UTC(2999, 0, 1));
const lock = {
  ObjectLockMode: "COMPLIANCE",
  ObjectLockRetainUntilDate: RetainUntilDate,
  ObjectLockLegalHoldStatus: "ON",
} as const;
const head = (Key: string, Bucket = "locked") => client.send(new HeadObjectCommand({ Bucket, Key }));
const tagsOf = async (Key: string, Bucket = "locked") =>
  (await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet?.map((tag) => `${tag.Key}=${tag.Value}`);
const locked = (VersionId: string | undefined, Key: string) =>
  refusalOf(client.send(new DeleteObjectCommand({ Bucket: "locked", Key, VersionId })));
async function upload(input: Partial<ConstructorParameters<typeof CreateMultipartUploadCommand>[0]>) {
  const target = { Bucket: "locked", Key: "upload", ...input };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const where = { Bucket: target.Bucket, Key: target.Key, UploadId };
  const { ETag } = await client.send(new UploadPartCommand({ ...where, PartNumber: 1, Body: "x" }));
  return client.send(
    new CompleteMultipartUploadCommand({ ...where, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
  );
}

describe("an object is written with its lock and its tags", () => {
  it("by PutObject", async () => {
    const put = new PutObjectCommand({ Bucket: "locked", Key: "put", Body: "x", Tagging: "a=b&c=d", ...lock });
    const { VersionId } = await client.send(put);
    expect(await head("put")).toMatchObject({ ...lock, TagCount: 2 });
    expect(await tagsOf("put")).toEqual(["a=b", "c=d"]);
    expect((await locked(VersionId, "put")).code).toBe("AccessDenied");
  });

  it("by a multipart upload", async () => {
    const { VersionId } = await upload({ Tagging: "a=b", ...lock });
    expect(await head("upload")).toMatchObject({ ...lock, TagCount: 1 });
    expect(await tagsOf("upload")).toEqual(["a=b"]);
    expect((await locked(VersionId, "upload")).code).toBe("AccessDenied");
  });

  it("by CopyObject, which copies tags unless it replaces them, and never a lock", async () => {
    await client.send(new PutObjectCommand({ Bucket: "locked", Key: "source", Body: "x", Tagging: "a=b", ...lock }));
    const copy = (Key: string, input: object = {}) =>
      client.send(new CopyObjectCommand({ Bucket: "locked", Key, CopySource: "locked/source", ...input }));
    await copy("kept", { Tagging: "c=d" });
    expect(await tagsOf("kept")).toEqual(["a=b"]);
    const kept = await head("kept");
    expect([kept.ObjectLockMode, kept.ObjectLockLegalHoldStatus]).toEqual([undefined, undefined]);
    await copy("replaced", { Tagging: "c=d", TaggingDirective: "REPLACE", ...lock });
    expect(await tagsOf("replaced")).toEqual(["c=d"]);
    expect(await head("replaced")).toMatchObject(lock);
    await copy("none", { TaggingDirective: "REPLACE" });
    expect(await tagsOf("none")).toEqual([]);
  });

  it("and the next version has neither", async () => {
    await client.send(new PutObjectCommand({ Bucket: "locked", Key: "again", Body: "x", Tagging: "a=b", ...lock }));
    await client.send(new PutObjectCommand({ Bucket: "locked", Key: "again", Body: "y" }));
    const again = await head("again");
    expect([again.TagCount, again.ObjectLockMode, again.ContentLength]).toEqual([undefined, undefined, 1]);
  });
});

describe("a write with a lock or tags stores nothing where", () => {
  const md5 = (body: string) => createHash("md5").update(body).digest("base64");
  const mode = "x-amz-object-lock-mode";
  const until = "x-amz-object-lock-retain-until-date";
  const retention = { [mode]: "GOVERNANCE", [until]: "2999-01-01T00:00:00Z" };
  const put = async (headers: Record<string, string>, bucket = "locked") => {
    const response = await sherd.raw({ method: "PUT", path: `/${bucket}/refused`, body: "x", headers });
    expect((await refusalOf(head("refused", bucket))).status).toBe(404);
    return errorElements(response);
  };

  it("the bucket has no object lock", async () => {
    for (const headers of [retention, { "x-amz-object-lock-legal-hold": "OFF" }] as Record<string, string>[]) {
      expect(await put({ ...headers, "content-md5": md5("x") }, "plain")).toMatchObject({
        status: "400",
        Code: "InvalidRequest",
        Message: "Bucket is missing Object Lock Configuration",
      });
    }
    expect((await refusalOf(upload({ Bucket: "plain", ...lock }))).code).toBe("InvalidRequest");
    await client.send(new PutObjectCommand({ Bucket: "plain", Key: "source", Body: "x" }));
    const copying = new CopyObjectCommand({ Bucket: "plain", Key: "refused", CopySource: "plain/source", ...lock });
    expect((await refusalOf(client.send(copying))).code).toBe("InvalidRequest");
  });

  it("the body has no digest", async () => {
    expect((await put(retention)).Code).toBe("InvalidRequest");
    const response = await sherd.raw({
      method: "PUT",
      path: "/locked/digested",
      body: "x",
      headers: { ...retention, "content-md5": md5("x") },
    });
    expect(response.status).toBe(200);
  });

  it.each([
    [{ [mode]: "GOVERNANCE" }, "InvalidArgument"],
    [{ [until]: "2999-01-01T00:00:00Z" }, "InvalidArgument"],
    [{ [mode]: "GOVERNANCE", [until]: "2020-01-01T00:00:00Z" }, "InvalidArgument"],
    [{ [mode]: "LEGAL", [until]: "2999-01-01T00:00:00Z" }, "InvalidArgument"],
    [{ "x-amz-object-lock-legal-hold": "YES" }, "InvalidArgument"],
    [{ "x-amz-tagging": "a=b&a=c" }, "InvalidArgument"],
    [{ "x-amz-tagging": "aws:a=b" }, "InvalidTag"],
    [{ "x-amz-tagging": Array.from({ length: 11 }, (_, at) => `${at}=`).join("&") }, "BadRequest"],
  ] as [Record<string, string>, string][])("the request says %j", async (headers, code) => {
    expect(await put({ ...headers, "content-md5": md5("x") })).toMatchObject({ status: "400", Code: code });
  });
});

describe("x-amz-bypass-governance-retention", () => {
  it("means nothing without object lock, and deletes nothing", async () => {
    await client.send(new PutObjectCommand({ Bucket: "plain", Key: "kept", Body: "x" }));
    const message = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.";
    const target = { Bucket: "plain", Key: "kept" };
    const remove = (input: object) => client.send(new DeleteObjectCommand({ ...target, ...input }));
    const Delete = { Objects: [{ Key: "kept" }] };
    const calls = [
      () => remove({ BypassGovernanceRetention: true }),
      () => remove({ BypassGovernanceRetention: false }),
      () => remove({ VersionId: "null", BypassGovernanceRetention: true }),
      () => client.send(new DeleteObjectsCommand({ Bucket: "plain", Delete, BypassGovernanceRetention: true })),
    ];
    for (const call of calls) {
      expect(await refusalOf(call())).toEqual({ status: 400, code: "InvalidArgument", message });
    }
    expect((await head("kept", "plain")).ContentLength).toBe(1);
  });
});
