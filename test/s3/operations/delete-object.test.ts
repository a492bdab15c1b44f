import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../support/sherd.ts";
import { pattern } from "../../support/store.ts";
import { errorElements, refusalOf } from "./refusal.ts";

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
  ])("deletes %s", async (_what, size) => {
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
    expect(errorElements(await sherd.raw({ method: "DELETE", path: `${path}other` }))).toMatchObject({
      status: "404",
      Code: "NoSuchVersion",
      VersionId: "other",
    });
    expect((await get("version")).ContentLength).toBe(1);
    expect((await sherd.raw({ method: "DELETE", path: `${path}null` })).status).toBe(204);
    expect((await refusalOf(get("version"))).code).toBe("NoSuchKey");
  });

  it("refuses conditions that it would have to ignore", async () => {
    await put("kept");
    const conditions = [
      { "if-match": '"other"' },
      { "x-amz-if-match-size": "5" },
      { "x-amz-if-match-last-modified-time": "Thu, 01 Dec 1994 16:00:00 GMT" },
    ];
    for (const headers of conditions as Record<string, string>[]) {
      const response = await sherd.raw({ method: "DELETE", path: "/bucket/kept", headers });
      expect(errorElements(response)).toMatchObject({ status: "501", Code: "NotImplemented" });
    }
    expect((await get("kept")).ContentLength).toBe(1);
  });

  it("names a bucket that does not exist", async () => {
    const absent = client.send(new DeleteObjectCommand({ Bucket: "nobody", Key: "x" }));
    expect(await refusalOf(absent)).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
