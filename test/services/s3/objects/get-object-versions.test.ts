import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
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
  await versionedBucket(client, "bucket");
});
afterAll(() => sherd?.stop());

const Bucket = "bucket";
async function put(Key: string, Body: string | Uint8Array): Promise<string> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId ?? "";
}
async function remove(Key: string): Promise<string> {
  return (await client.send(new DeleteObjectCommand({ Bucket, Key }))).VersionId ?? "";
}
async function read(Key: string, VersionId?: string) {
  const answer = await client.send(new GetObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
  return { versionId: answer.VersionId, bytes: Buffer.from((await answer.Body?.transformToByteArray()) ?? []) };
}
const head = (Key: string, VersionId?: string) =>
  client.send(new HeadObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
const raw = (path: string, method = "GET") => sherd.raw({ method, path: `/${Bucket}/${path}` });

describe("GetObject and HeadObject with versions", () => {
  it("answer the newest version, or the one that is named", async () => {
    const bodies = [pattern(10, 1), pattern(100_000, 2), pattern(2_000_000, 3)];
    const ids: string[] = [];
    for (const body of bodies) ids.push(await put("key", body));
    expect((await read("key")).versionId).toBe(ids[2]);
    for (const [at, id] of ids.entries()) {
      const { versionId, bytes } = await read("key", id);
      expect(versionId).toBe(id);
      expect(Buffer.compare(bytes, bodies[at] as Uint8Array)).toBe(0);
      expect(await head("key", id)).toMatchObject({ VersionId: id, ContentLength: bytes.length });
    }
    const ranged = new GetObjectCommand({ Bucket, Key: "key", VersionId: ids[1] ?? "", Range: "bytes=5-6" });
    expect((await client.send(ranged)).ContentRange).toBe("bytes 5-6/100000");
  });

  it("name the null version in a bucket whose versions are suspended, and not where there never were any", async () => {
    await setVersioning(client, Bucket, "Suspended");
    await put("null", "x");
    expect((await read("null")).versionId).toBe("null");
    await setVersioning(client, Bucket, "Enabled");
    await put("null", "y");
    expect((await read("null", "null")).bytes.toString()).toBe("x");
    await client.send(new CreateBucketCommand({ Bucket: "plain" }));
    await client.send(new PutObjectCommand({ Bucket: "plain", Key: "key", Body: "x" }));
    const plain = await sherd.raw({ path: "/plain/key?versionId=null" });
    expect([plain.status, plain.headers["x-amz-version-id"]]).toEqual([200, undefined]);
  });

  it("say that a delete marker hides the key", async () => {
    await put("hidden", "x");
    const marker = await remove("hidden");
    for (const method of ["GET", "HEAD"]) {
      const { status, headers, text } = await raw("hidden", method);
      expect([status, headers["x-amz-delete-marker"], headers["x-amz-version-id"]]).toEqual([404, "true", marker]);
      if (method === "GET") expect(text).toContain("<Code>NoSuchKey</Code>");
    }
    expect((await raw("never")).headers["x-amz-delete-marker"]).toBeUndefined();
  });

  it("read no delete marker", async () => {
    const version = await put("marked", "x");
    const marker = await remove("marked");
    for (const method of ["GET", "HEAD"]) {
      const answer = await raw(`marked?versionId=${marker}`, method);
      expect(answer.status).toBe(405);
      expect(answer.headers).toMatchObject({
        "x-amz-delete-marker": "true",
        "x-amz-version-id": marker,
        allow: "DELETE",
        "last-modified": expect.stringMatching(/GMT$/),
      });
      if (method === "HEAD") continue;
      expect(errorElements(answer)).toMatchObject({
        Code: "MethodNotAllowed",
        Method: "GET",
        ResourceType: "DeleteMarker",
      });
    }
    expect((await read("marked", version)).bytes.toString()).toBe("x");
  });

  it("answer again when the marker is gone", async () => {
    const version = await put("restored", "x");
    const VersionId = await remove("restored");
    await client.send(new DeleteObjectCommand({ Bucket, Key: "restored", VersionId }));
    expect((await read("restored")).versionId).toBe(version);
  });

  it("refuse versions that do not exist, and ids that are none", async () => {
    const other = await put("other", "x");
    await put("key", "x");
    for (const id of [ABSENT_VERSION, other]) {
      expect(errorElements(await raw(`key?versionId=${id}`))).toMatchObject({
        status: "404",
        Code: "NoSuchVersion",
        Key: "key",
        VersionId: id,
      });
    }
    for (const [id, message] of [
      [FOREIGN_VERSION, "Invalid version id specified"],
      ["", "Version id cannot be the empty string"],
    ]) {
      expect(errorElements(await raw(`key?versionId=${id}`))).toMatchObject({
        status: "400",
        Code: "InvalidArgument",
        Message: message,
        ArgumentName: "versionId",
      });
    }
    expect((await raw(`key?versionId=${FOREIGN_VERSION}`, "HEAD")).status).toBe(400);
    expect((await refusalOf(head("key", ABSENT_VERSION))).status).toBe(404);
  });
});
