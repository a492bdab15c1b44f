import {
  CreateBucketCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
  type S3Client,
  type Tag,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const put = (TagSet: Tag[], Bucket = "bucket") =>
  client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
const get = async (Bucket = "bucket") => (await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet;

describe("PutBucketTagging", () => {
  it("replaces all tags", async () => {
    expect(
      (
        await put([
          { Key: "b", Value: "1" },
          { Key: "a", Value: "" },
        ])
      ).$metadata.httpStatusCode,
    ).toBe(204);
    expect(await get()).toEqual([
      { Key: "b", Value: "1" },
      { Key: "a", Value: "" },
    ]);
    await put([{ Key: "c", Value: "2" }]);
    expect(await get()).toEqual([{ Key: "c", Value: "2" }]);
  });

  it("takes fifty, and no more", async () => {
    const tags = Array.from({ length: 51 }, (_, at) => ({ Key: `key-${at}`, Value: `${at}` }));
    await put(tags.slice(1));
    expect(await get()).toHaveLength(50);
    expect(await refusalOf(put(tags))).toMatchObject({ status: 400, code: "BadRequest" });
    expect(await get()).toHaveLength(50);
  });

  it("takes none for no set", async () => {
    await put([{ Key: "a", Value: "b" }]);
    await put([]);
    expect((await refusalOf(get())).code).toBe("NoSuchTagSet");
  });

  it.each([
    [
      [
        { Key: "a", Value: "1" },
        { Key: "a", Value: "2" },
      ],
      "Cannot provide multiple Tags with the same key",
    ],
    [[{ Key: "aws:a", Value: "1" }], "System tags cannot be added/updated by requester"],
    [[{ Key: "a,b", Value: "1" }], "The TagKey you have provided is invalid"],
    [[{ Key: "a", Value: "1,2" }], "The TagValue you have provided is invalid"],
  ] as [Tag[], string][])("refuses %j", async (tags, message) => {
    expect(await refusalOf(put(tags))).toEqual({ status: 400, code: "InvalidTag", message });
  });

  it("refuses malformed XML, and buckets that do not exist", async () => {
    const path = "/bucket?tagging";
    for (const [body, code] of [
      ["", "MissingRequestBodyError"],
      ["<Tagging>", "MalformedXML"],
    ] as const) {
      expect(errorElements(await sherd.raw({ method: "PUT", path, body })).Code).toBe(code);
    }
    expect(await refusalOf(put([], "nobody"))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
