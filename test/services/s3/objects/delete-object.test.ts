import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, FOREIGN_VERSION, setVersioning, versionedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const put = (Key: string, Body: string | Uint8Array = "x") =>
  client.send(new PutObjectCommand({ Bucket: "bucket", Key, Body }));
const get = (Key: string) => client.send(new GetObjectCommand({ Bucket: "bucket", Key }));

describe("DeleteObject", () => {
  it.each([
    ["an inline object", 10],
    ["one on drives", 2_000_000],
  ])("deletes %s", { tags: ["slow"] }, async (_what, size) => {
    await put("gone", pattern(size));
    await put("gone/not");
    const response = await sherd.raw({ method: "DELETE", path: "/bucket/gone" });
    expect(response).toMatchObject({ status: 204, text: "" });
    expect((await refusalOf(get("gone"))).code).toBe("NoSuchKey");
    expect((await get("gone/not")).ContentLength).toBe(1);
  });

  it("succeeds for what is not there", async () => {
    const { $metadata } = await client.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "never" }));
    expect($metadata.httpStatusCode).toBe(204);
  });

  it("lets the key be written again", async () => {
    await put("again", "1");
    await client.send(new DeleteObjectCommand({ Bucket: "bucket", Key: "again" }));
    await put("again", "22");
    expect((await get("again")).ContentLength).toBe(2);
  });

  it("takes the version null, and no other", async () => {
    await put("version");
    const path = "/bucket/version?versionId=";
    expect(errorElements(await sherd.raw({ method: "DELETE", path: `${path}${FOREIGN_VERSION}` }))).toMatchObject({
      status: "400",
      Code: "InvalidArgument",
      Message: "Invalid version id specified",
    });
    expect((await sherd.raw({ method: "DELETE", path: `${path}${ABSENT_VERSION}` })).status).toBe(204);
    expect((await get("version")).ContentLength).toBe(1);
    expect((await sherd.raw({ method: "DELETE", path: `${path}null` })).status).toBe(204);
    expect((await refusalOf(get("version"))).code).toBe("NoSuchKey");
  });

  it("names a bucket that does not exist", async () => {
    const absent = client.send(new DeleteObjectCommand({ Bucket: "nobody", Key: "x" }));
    expect(await refusalOf(absent)).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});

describe("DeleteObject with versions", () => {
  const Bucket = "versions";
  const write = async (Key: string) =>
    (await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))).VersionId ?? "";
  const remove = (Key: string, VersionId?: string) =>
    client.send(new DeleteObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
  const read = (Key: string) => client.send(new GetObjectCommand({ Bucket, Key }));
  beforeAll(() => versionedBucket(client, Bucket));

  it("leaves a marker and says so, also for what is not there", { tags: ["slow"] }, async () => {
    await write("key");
    for (const key of ["key", "key", "never"]) {
      const { DeleteMarker, VersionId } = await remove(key);
      expect(DeleteMarker).toBe(true);
      expect(VersionId).toMatch(/^[0-9A-Z]{32}$/);
      expect((await refusalOf(read(key))).code).toBe("NoSuchKey");
    }
  });

  it("removes a version for good, and the key names the one before", async () => {
    const [first, second] = [await write("removed"), await write("removed")];
    const { DeleteMarker, VersionId } = await remove("removed", second);
    expect([DeleteMarker, VersionId]).toEqual([undefined, second]);
    expect((await read("removed")).VersionId).toBe(first);
    await remove("removed", first);
    expect((await refusalOf(read("removed"))).code).toBe("NoSuchKey");
  });

  it("removes a marker, and says that it was one", async () => {
    const version = await write("marked");
    const { VersionId: marker = "" } = await remove("marked");
    expect(await remove("marked", marker)).toMatchObject({ DeleteMarker: true, VersionId: marker });
    expect((await read("marked")).VersionId).toBe(version);
  });

  it("names the version that was not there either", async () => {
    expect(await remove("never", ABSENT_VERSION)).toMatchObject({ VersionId: ABSENT_VERSION });
  });

  it("places a null marker where versions are suspended", { tags: ["slow"] }, async () => {
    const kept = await write("suspended");
    await setVersioning(client, Bucket, "Suspended");
    for (let n = 0; n < 2; n++) {
      expect(await remove("suspended")).toMatchObject({ DeleteMarker: true, VersionId: "null" });
    }
    await remove("suspended", "null");
    await setVersioning(client, Bucket, "Enabled");
    expect((await read("suspended")).VersionId).toBe(kept);
  });
});

describe("DeleteObject on a condition", () => {
  const path = (key: string) => `/bucket/${key}`;
  const remove = (key: string, headers: Record<string, string>) =>
    sherd.raw({ method: "DELETE", path: path(key), headers });
  const codeOf = async (key: string, headers: Record<string, string>) => {
    const { status, Code } = errorElements(await remove(key, headers));
    return [status, Code];
  };

  it.each(["quoted", "bare", "any", "size", "time", "all"])(
    "deletes where it holds: %s",
    { tags: ["slow"] },
    async (kind) => {
      const { ETag = "" } = await put("conditional", "12345");
      const { LastModified = new Date(0) } = await get("conditional");
      const time = { "x-amz-if-match-last-modified-time": LastModified.toUTCString() };
      const size = { "x-amz-if-match-size": "5" };
      const conditions: Record<string, Record<string, string>> = {
        quoted: { "if-match": ETag },
        bare: { "if-match": ETag.replaceAll('"', "") },
        any: { "if-match": "*" },
        size,
        time,
        all: { "if-match": ETag, ...size, ...time },
      };
      expect((await remove("conditional", conditions[kind] ?? {})).status).toBe(204);
      expect((await refusalOf(get("conditional"))).code).toBe("NoSuchKey");
    },
  );

  it.each([
    { "if-match": '"other"' },
    { "x-amz-if-match-size": "4" },
    { "x-amz-if-match-last-modified-time": "Thu, 01 Dec 1994 16:00:00 GMT" },
    { "if-match": "*", "x-amz-if-match-size": "6" },
  ] as Record<string, string>[])("deletes nothing where it does not: %j", async (headers) => {
    await put("kept", "12345");
    expect(await codeOf("kept", headers)).toEqual(["412", "PreconditionFailed"]);
    expect((await get("kept")).ContentLength).toBe(5);
  });

  it("finds nothing to delete where there is no object, or a marker", async () => {
    expect(await codeOf("never", { "if-match": "*" })).toEqual(["404", "NoSuchKey"]);
    expect(await codeOf("never", { "if-match": '"etag"' })).toEqual(["404", "NoSuchKey"]);
    await versionedBucket(client, "markers");
    const Bucket = "markers";
    const { ETag = "" } = await client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x" }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
    const again = client.send(new DeleteObjectCommand({ Bucket, Key: "key", IfMatch: ETag }));
    expect(await refusalOf(again)).toMatchObject({ status: 404, code: "NoSuchKey" });
  });

  it("takes one of two that delete at once", async () => {
    const { ETag = "" } = await put("raced");
    const answers = await Promise.all(Array.from({ length: 8 }, () => remove("raced", { "if-match": ETag })));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404, 404, 404, 404]);
  });

  it("refuses what it does not know", async () => {
    await put("kept", "12345");
    expect(await codeOf("kept", { "x-amz-if-match-size": "-1" })).toEqual(["400", "InvalidArgument"]);
    expect(await codeOf("kept", { "x-amz-if-match-last-modified-time": "now" })).toEqual(["400", "InvalidArgument"]);
    expect(await codeOf("kept", { "if-none-match": '"x"' })).toEqual(["501", "NotImplemented"]);
    expect(await codeOf("kept?versionId=null", { "if-match": "*" })).toEqual(["501", "NotImplemented"]);
    expect((await get("kept")).ContentLength).toBe(5);
  });
});
