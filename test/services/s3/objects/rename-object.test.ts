import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  RenameObjectCommand,
  type RenameObjectCommandInput,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";

const Bucket = "bucket";
let sherd: Sherd;
let etag: string;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => sherd.stop());
beforeEach(async () => {
  etag = (await put("source", "the source")).ETag ?? "";
  await sherd.raw({ method: "DELETE", path: "/bucket/target" });
});

const put = (Key: string, Body: string) =>
  sherd.client().send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { a: "b" }, ContentType: "text/x" }));
const rename = (input: Partial<RenameObjectCommandInput> = {}) =>
  sherd.client().send(new RenameObjectCommand({ Bucket, Key: "target", RenameSource: "source", ...input }));

async function contentOf(Key: string): Promise<string | null> {
  const { status, text } = await sherd.raw({ path: `/${Bucket}/${Key}` });
  return status === 404 ? null : text;
}

describe("a rename", () => {
  test("takes the object with all that belongs to it to its new key", async () => {
    const before = await sherd.client().send(new HeadObjectCommand({ Bucket, Key: "source" }));
    const { status, text } = await sherd.raw({
      method: "PUT",
      path: "/bucket/target?renameObject",
      headers: { "x-amz-rename-source": "/source" },
    });
    expect([status, text]).toEqual([200, ""]);
    expect(await contentOf("source")).toBeNull();
    const { $metadata: _, ...after } = await sherd.client().send(new HeadObjectCommand({ Bucket, Key: "target" }));
    expect(after).toEqual({ ...after, ETag: etag, Metadata: { a: "b" }, LastModified: before.LastModified });
    expect(await contentOf("target")).toBe("the source");
  });

  test("the source is percent-encoded, a plus sign is a space, one leading slash is dropped", async () => {
    const names = [
      ["a b/ü+c", encodeURIComponent("a b/ü+c")],
      ["a b", "/a+b"],
      ["/rooted", "//rooted"],
      ["folder/", "folder/"],
    ] as const;
    for (const [Key, RenameSource] of names) {
      await put(Key, Key);
      await rename({ RenameSource });
      expect(await contentOf("target")).toBe(Key);
    }
  });

  test("in a bucket with versions the source is hidden by a delete marker", async () => {
    const client = sherd.client();
    await client.send(new CreateBucketCommand({ Bucket: "versioned" }));
    const on = { Bucket: "versioned", VersioningConfiguration: { Status: "Enabled" as const } };
    await client.send(new PutBucketVersioningCommand(on));
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket: "versioned", Key: "source", Body: "v" }));
    await rename({ Bucket: "versioned" });
    const hidden = await sherd.raw({ path: "/versioned/source" });
    expect([hidden.status, hidden.headers["x-amz-delete-marker"]]).toEqual([404, "true"]);
    const old = await client.send(new GetObjectCommand({ Bucket: "versioned", Key: "source", VersionId }));
    expect(await old.Body?.transformToString()).toBe("v");
    expect((await sherd.raw({ path: "/versioned/target" })).text).toBe("v");
  });
});

describe("is refused", () => {
  test.each([
    ["a source that is not there", { RenameSource: "absent" }, "NoSuchKey", 404],
    ["a bucket that is not there", { Bucket: "absent" }, "NoSuchBucket", 404],
    ["a rename onto itself", { Key: "source" }, "InvalidRequest", 400],
    ["a source that is no encoding", { RenameSource: "%zz" }, "InvalidArgument", 400],
    ["no key", { RenameSource: "/" }, "InvalidArgument", 400],
    ["a key that is too long", { RenameSource: "x".repeat(1025) }, "KeyTooLongError", 400],
    ["a token that is too long", { ClientToken: "x".repeat(65) }, "InvalidArgument", 400],
  ])("%s", async (_, input, code, status) => {
    expect(await failure(rename(input))).toMatchObject({ code, status });
    expect(await contentOf("source")).toBe("the source");
  });

  test("without a source", async () => {
    const { status, text } = await sherd.raw({ method: "PUT", path: "/bucket/target?renameObject" });
    expect([status, elementText(text, "Code")]).toEqual([400, "InvalidRequest"]);
  });

  test("without a signature", async () => {
    const headers = { "x-amz-rename-source": "source" };
    const request = { method: "PUT", path: "/bucket/target?renameObject", headers, anonymous: true };
    expect((await sherd.raw(request)).status).toBe(403);
    expect(await contentOf("source")).toBe("the source");
  });
});

describe("conditions on the source", () => {
  const past = new Date(Date.now() - 86_400_000);
  const future = new Date(Date.now() + 86_400_000);
  test.each([
    ["another ETag", { SourceIfMatch: '"other"' }, "If-Match"],
    ["any ETag must not", { SourceIfNoneMatch: "*" }, "If-None-Match"],
    ["not modified since", { SourceIfModifiedSince: future }, "If-Modified-Since"],
    ["modified since", { SourceIfUnmodifiedSince: past }, "If-Unmodified-Since"],
  ])("%s: 412", async (_, input, condition) => {
    expect(await failedCondition(input)).toEqual([412, "PreconditionFailed", condition]);
    expect(await contentOf("source")).toBe("the source");
  });

  test.each([
    ["its ETag", () => ({ SourceIfMatch: etag })],
    ["another ETag must not match", () => ({ SourceIfNoneMatch: '"other"' })],
    ["modified since", () => ({ SourceIfModifiedSince: past })],
    ["unmodified since", () => ({ SourceIfUnmodifiedSince: future })],
  ])("%s: renamed", async (_, input) => {
    await rename(input());
    expect(await contentOf("target")).toBe("the source");
  });
});

describe("conditions on the destination", () => {
  const past = new Date(Date.now() - 86_400_000);
  test("If-None-Match: * holds where there is nothing, and only there", { tags: ["slow"] }, async () => {
    await rename({ DestinationIfNoneMatch: "*" });
    await put("source", "another");
    expect(await failedCondition({ DestinationIfNoneMatch: "*" })).toEqual([
      412,
      "PreconditionFailed",
      "If-None-Match",
    ]);
    expect([await contentOf("source"), await contentOf("target")]).toEqual(["another", "the source"]);
  });

  test("If-Match holds for that ETag alone", async () => {
    expect(await failedCondition({ DestinationIfMatch: etag })).toEqual([412, "PreconditionFailed", "If-Match"]);
    const { ETag } = await put("target", "replaced");
    expect(await failedCondition({ DestinationIfMatch: '"other"' })).toEqual([412, "PreconditionFailed", "If-Match"]);
    await rename({ DestinationIfMatch: ETag });
    expect(await contentOf("target")).toBe("the source");
  });

  test("of both that fail, If-Match is named", async () => {
    await put("target", "replaced");
    const both = { DestinationIfMatch: '"other"', DestinationIfNoneMatch: "*" };
    expect(await failedCondition(both)).toEqual([412, "PreconditionFailed", "If-Match"]);
  });

  test("dates", async () => {
    const absent = await failedCondition({ DestinationIfModifiedSince: past });
    expect(absent).toEqual([412, "PreconditionFailed", "If-Modified-Since"]);
    await put("target", "replaced");
    const modified = await failedCondition({ DestinationIfUnmodifiedSince: past });
    expect(modified).toEqual([412, "PreconditionFailed", "If-Unmodified-Since"]);
    await rename({ DestinationIfModifiedSince: past });
    expect(await contentOf("target")).toBe("the source");
  });

  test("an ETag in If-None-Match is not implemented, as in S3", async () => {
    expect(await failure(rename({ DestinationIfNoneMatch: '"etag"' }))).toMatchObject({ code: "NotImplemented" });
  });
});

describe("client tokens", () => {
  test("a repeated request succeeds and does nothing", { tags: ["slow"] }, async () => {
    const ClientToken = "a-token-of-this-test";
    await rename({ ClientToken });
    await put("source", "written since");
    await rename({ ClientToken });
    expect([await contentOf("source"), await contentOf("target")]).toEqual(["written since", "the source"]);
  });

  test("another request under the same token is a mistake", async () => {
    const ClientToken = "another-token-of-this-test";
    await rename({ ClientToken });
    await put("source", "written since");
    expect(await failure(rename({ ClientToken, DestinationIfMatch: etag }))).toMatchObject({
      code: "IdempotencyParameterMismatch",
      status: 400,
    });
    expect(await contentOf("source")).toBe("written since");
  });
});

/** Status, code and condition of a rename that is refused. */
async function failedCondition(input: Partial<RenameObjectCommandInput>): Promise<unknown[]> {
  const error = await rename(input).then(
    () => null,
    (thrown: { name: string; Condition?: string; $metadata: { httpStatusCode?: number } }) => thrown,
  );
  return [error?.$metadata.httpStatusCode, error?.name, error?.Condition];
}
