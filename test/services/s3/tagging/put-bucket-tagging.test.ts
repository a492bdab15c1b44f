import {
  DeleteBucketTaggingCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
  type Tag,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { describeConfiguration, useBucket } from "../../../support/bucket-configuration.ts";
import { errorElements, refusalOf } from "../refusal.ts";

const rig = useBucket();

const put = (TagSet: Tag[], Bucket = "bucket") =>
  rig.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
const get = async (Bucket = "bucket") => (await rig.client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet;
const remove = (Bucket = "bucket") => rig.client.send(new DeleteBucketTaggingCommand({ Bucket }));

describeConfiguration<Tag[]>(
  rig,
  { put, get, remove },
  {
    subresource: "tagging",
    values: [[{ Key: "a", Value: "1" }], [{ Key: "b", Value: "" }]],
    absent: { code: "NoSuchTagSet", status: 404 },
  },
);

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
      expect(errorElements(await rig.sherd.raw({ method: "PUT", path, body })).Code).toBe(code);
    }
    expect(await refusalOf(put([], "nobody"))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});

describe("DeleteBucketTagging", () => {
  it("answers 204, also where there are none", async () => {
    expect((await remove()).$metadata.httpStatusCode).toBe(204);
    expect((await remove()).$metadata.httpStatusCode).toBe(204);
  });
});
