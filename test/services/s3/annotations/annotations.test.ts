import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectAnnotationCommand,
  GetObjectAnnotationCommand,
  ListObjectAnnotationsCommand,
  PutObjectAnnotationCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { refusalOf } from "../refusal.ts";
import { versionedBucket } from "../versioned.ts";

const object = { Bucket: "notes", Key: "key" };
const MIB = 1024 * 1024;

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "notes" }));
  await client.send(new PutObjectCommand({ ...object, Body: "x" }));
});
afterAll(() => sherd?.stop());

const put = (AnnotationName: string, AnnotationPayload: string | Uint8Array, more = {}) =>
  client.send(new PutObjectAnnotationCommand({ ...object, AnnotationName, AnnotationPayload, ...more }));
const get = (AnnotationName: string, more = {}) =>
  client.send(new GetObjectAnnotationCommand({ ...object, AnnotationName, ...more }));
const list = (more = {}) => client.send(new ListObjectAnnotationsCommand({ ...object, ...more }));
const remove = (AnnotationName: string, more = {}) =>
  client.send(new DeleteObjectAnnotationCommand({ ...object, AnnotationName, ...more }));
const namesOf = async (more = {}) => (await list(more)).Annotations?.map(({ AnnotationName }) => AnnotationName);

describe("annotations of objects", () => {
  it("come back as they were put, with ETag and checksum", async () => {
    const written = await put("ml.sentiment", '{"mood":"calm"}', { ChecksumAlgorithm: "SHA256" });
    expect(written).toMatchObject({ Key: "key", AnnotationName: "ml.sentiment", ChecksumType: "FULL_OBJECT" });
    const found = await get("ml.sentiment", { ChecksumMode: "ENABLED" });
    expect(await found.AnnotationPayload?.transformToString()).toBe('{"mood":"calm"}');
    const { ETag, ChecksumSHA256 } = written;
    expect(found).toMatchObject({ ETag, ChecksumSHA256, ContentLength: 15 });
    const [entry] = (await list()).Annotations ?? [];
    expect(entry).toMatchObject({ AnnotationName: "ml.sentiment", ETag, Size: 15, ChecksumAlgorithm: ["SHA256"] });
    expect((await remove("ml.sentiment")).$metadata.httpStatusCode).toBe(204);
    expect(await refusalOf(get("ml.sentiment"))).toMatchObject({ status: 404, code: "NoSuchAnnotation" });
    expect((await remove("ml.sentiment")).$metadata.httpStatusCode).toBe(204);
  });

  it("hold 1 byte to 1 MiB of UTF-8", async () => {
    const most = new Uint8Array(MIB).fill(97);
    await put("most", most);
    expect((await (await get("most")).AnnotationPayload?.transformToByteArray())?.length).toBe(MIB);
    await remove("most");
    expect(await refusalOf(put("n", new Uint8Array(MIB + 1)))).toMatchObject({ status: 400, code: "EntityTooLarge" });
    expect(await refusalOf(put("n", ""))).toMatchObject({ status: 400, code: "InvalidRequest" });
    for (const bytes of [[0xff], [0x61, 0xe2, 0x82]]) {
      const refused = refusalOf(put("n", new Uint8Array(bytes)));
      expect(await refused).toMatchObject({ status: 415, code: "UnsupportedMediaType" });
    }
    expect(await namesOf()).toEqual([]);
  });

  it.each([
    ["aws.x", "InvalidAnnotationName"],
    ["S3", "InvalidAnnotationName"],
    ["a b", "InvalidAnnotationName"],
    ["a/b", "InvalidAnnotationName"],
    ["é".repeat(257), "AnnotationNameTooLong"],
  ])("refuse the name %s", async (name, code) => {
    expect(await refusalOf(put(name, "x"))).toMatchObject({ status: 400, code });
    expect(await refusalOf(get(name))).toMatchObject({ status: 400, code });
  });

  it("are listed by name, in pages, by prefix", async () => {
    for (const name of ["b-2", "a", "B", "b-1", "日本"]) await put(name, "x");
    expect(await namesOf()).toEqual(["B", "a", "b-1", "b-2", "日本"]);
    expect(await namesOf({ AnnotationPrefix: "b-" })).toEqual(["b-1", "b-2"]);
    const first = await list({ MaxAnnotationResults: 3 });
    expect(first).toMatchObject({ AnnotationCount: 3, MaxAnnotationResults: 3, Bucket: "notes", Key: "key" });
    expect(await namesOf({ ContinuationToken: first.NextContinuationToken })).toEqual(["b-2", "日本"]);
    expect(await refusalOf(list({ AnnotationPrefix: "a b" }))).toMatchObject({ status: 400, code: "InvalidPrefix" });
    for (const MaxAnnotationResults of [0, 1001]) {
      expect(await refusalOf(list({ MaxAnnotationResults }))).toMatchObject({ code: "InvalidArgument" });
    }
    expect(await refusalOf(list({ ContinuationToken: "made-up" }))).toMatchObject({ code: "InvalidArgument" });
  });

  it("depend on the object's ETag where that is asked for", async () => {
    expect(await refusalOf(put("n", "x", { ObjectIfMatch: '"0"' }))).toMatchObject({ status: 412 });
    expect(await refusalOf(remove("a", { ObjectIfMatch: '"0"' }))).toMatchObject({ status: 412 });
    expect(await refusalOf(put("n", "x", { ObjectIfMatch: '"0", "1"' }))).toMatchObject({ code: "InvalidArgument" });
    expect(await namesOf()).toContain("a");
  });

  it("go along with copies, unless they are left out", async () => {
    const CopySource = "notes/key";
    await client.send(new CopyObjectCommand({ Bucket: "notes", Key: "copy", CopySource }));
    expect(await namesOf({ Key: "copy" })).toEqual(await namesOf());
    const without = { Bucket: "notes", Key: "bare", CopySource, AnnotationDirective: "EXCLUDE" } as const;
    await client.send(new CopyObjectCommand(without));
    expect(await namesOf({ Key: "bare" })).toEqual([]);
    const wrong = { ...without, AnnotationDirective: "KEEP" as never };
    expect(await refusalOf(client.send(new CopyObjectCommand(wrong)))).toMatchObject({ code: "InvalidArgument" });
  });

  it("are of one version", async () => {
    const version = { Bucket: "versions" };
    await versionedBucket(client, "versions");
    const { VersionId } = await client.send(new PutObjectCommand({ ...object, ...version, Body: "1" }));
    await client.send(new PutObjectCommand({ ...object, ...version, Body: "2" }));
    expect((await put("n", "x", { ...version, VersionId })).ObjectVersionId).toBe(VersionId);
    expect(await namesOf(version)).toEqual([]);
    expect((await list({ ...version, VersionId })).ObjectVersionId).toBe(VersionId);
    expect(await namesOf({ ...version, VersionId })).toEqual(["n"]);
  });

  it("need the object", async () => {
    const none = { Key: "none" };
    for (const call of [() => put("n", "x", none), () => get("n", none), () => list(none), () => remove("n", none)]) {
      expect(await refusalOf(call())).toMatchObject({ status: 404, code: "NoSuchKey" });
    }
    expect(await refusalOf(get("n", { Bucket: "nobodys" }))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
