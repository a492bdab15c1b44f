import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
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
  await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "x" }));
});
afterAll(() => sherd?.stop());

const tag = (Key: string, Value: string) => ({ Key, Value });
const putTags = (
  TagSet: { Key: string; Value: string }[],
  where: { Bucket?: string; Key?: string; VersionId?: string } = {},
) => client.send(new PutObjectTaggingCommand({ Bucket: "bucket", Key: "key", Tagging: { TagSet }, ...where }));
const tagsOf = async (where: { Bucket?: string; Key?: string; VersionId?: string } = {}) =>
  (await client.send(new GetObjectTaggingCommand({ Bucket: "bucket", Key: "key", ...where }))).TagSet;
const raw = (query: string, body: string) =>
  sherd.raw({ method: "PUT", path: `/bucket/${query}`, body, headers: { "content-type": "application/xml" } });

describe("PutObjectTagging", () => {
  it("replaces all tags, and keeps their order", async () => {
    await putTags([tag("b", "1"), tag("a", ""), tag("ä", "é 世")]);
    expect(await tagsOf()).toEqual([tag("b", "1"), tag("a", ""), tag("ä", "é 世")]);
    await putTags([tag("c", "2")]);
    expect(await tagsOf()).toEqual([tag("c", "2")]);
    await putTags([]);
    expect(await tagsOf()).toEqual([]);
  });

  it("changes nothing else of the object", async () => {
    const head = () => client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "key" }));
    const before = await head();
    await putTags([tag("a", "b"), tag("c", "d")]);
    const { $metadata: _, TagCount, ...after } = await head();
    expect(TagCount).toBe(2);
    expect(before).toMatchObject(after);
  });

  it("tags the newest version, or the one that is named", async () => {
    const Bucket = "versions";
    await versionedBucket(client, Bucket);
    const write = async () =>
      (await client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x" }))).VersionId ?? "";
    const [first, second] = [await write(), await write()];
    expect((await putTags([tag("at", "second")], { Bucket })).VersionId).toBe(second);
    expect((await putTags([tag("at", "first")], { Bucket, VersionId: first })).VersionId).toBe(first);
    expect(await tagsOf({ Bucket })).toEqual([tag("at", "second")]);
    expect(await tagsOf({ Bucket, VersionId: first })).toEqual([tag("at", "first")]);
    const { VersionId: marker = "" } = await client.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
    for (const where of [{ Bucket }, { Bucket, VersionId: marker }]) {
      expect(await refusalOf(putTags([], where))).toMatchObject({ status: 405, code: "MethodNotAllowed" });
    }
    expect(await refusalOf(putTags([], { Bucket, VersionId: ABSENT_VERSION }))).toMatchObject({
      status: 404,
      code: "NoSuchVersion",
    });
  });
});

describe("PutObjectTagging changes nothing for", () => {
  const set = (tags: string) => `<Tagging><TagSet>${tags}</TagSet></Tagging>`;
  const xml = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;

  it.each([
    ["eleven tags", set(Array.from({ length: 11 }, (_, at) => xml(`k${at}`, "")).join("")), "BadRequest"],
    ["a tag twice", set(xml("a", "1") + xml("a", "2")), "InvalidTag"],
    ["a reserved tag", set(xml("aws:a", "1")), "InvalidTag"],
    ["a tag of other characters", set(xml("a;", "1")), "InvalidTag"],
    ["a long key", set(xml("k".repeat(129), "1")), "InvalidTag"],
    ["a tag without a value", set("<Tag><Key>a</Key></Tag>"), "MalformedXML"],
    ["no set", "<Tagging/>", "MalformedXML"],
    ["another root", "<Tags/>", "MalformedXML"],
    ["no body", "", "MissingRequestBodyError"],
  ])("%s", async (_, body, code) => {
    await putTags([tag("kept", "as it was")]);
    expect(errorElements(await raw("key?tagging", body))).toMatchObject({ status: "400", Code: code });
    expect(await tagsOf()).toEqual([tag("kept", "as it was")]);
  });

  it("what does not exist", async () => {
    expect(await refusalOf(putTags([], { Key: "absent" }))).toMatchObject({ status: 404, code: "NoSuchKey" });
    expect(await refusalOf(putTags([], { Bucket: "nobody" }))).toMatchObject({ status: 404, code: "NoSuchBucket" });
    const foreign = await raw(`key?tagging&versionId=${FOREIGN_VERSION}`, set(""));
    expect(errorElements(foreign)).toMatchObject({ status: "400", Message: "Invalid version id specified" });
  });

  it("a body that is not the one that was signed for", async () => {
    const headers = { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" };
    const response = await sherd.raw({ method: "PUT", path: "/bucket/key?tagging", body: set(""), headers });
    expect(errorElements(response).Code).toBe("BadDigest");
  });
});
