import { CreateBucketCommand, ListBucketsCommand, paginateListBuckets } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, type Sherd, startSherd } from "../../../support/sherd.ts";

let sherd: Sherd;
const names = ["alpha", "beta", "beta-2", "gamma"];
beforeAll(async () => {
  sherd = await startSherd();
  const client = sherd.client();
  expect((await client.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  for (const Bucket of [...names].reverse()) {
    const CreateBucketConfiguration = Bucket.startsWith("beta") ? { LocationConstraint: "eu-west-3" as const } : {};
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  }
});
afterAll(() => sherd.stop());

const list = async (input = {}) => sherd.client().send(new ListBucketsCommand(input));

describe("one answer", () => {
  test("all buckets by name, with their owner", async () => {
    const { Buckets, Owner, ContinuationToken } = await list();
    expect(Buckets?.map(({ Name }) => Name)).toEqual(names);
    expect(Buckets?.[0]?.BucketRegion).toBe("us-east-1");
    expect(Math.abs(Date.now() - (Buckets?.[0]?.CreationDate?.getTime() ?? 0))).toBeLessThan(600_000);
    expect(Owner).toEqual({ ID: expect.stringMatching(/^[0-9a-f]{64}$/), DisplayName: "root" });
    expect(ContinuationToken).toBeUndefined();
  });

  test("those with a prefix, which is echoed", async () => {
    const { Buckets, Prefix } = await list({ Prefix: "beta" });
    expect([Buckets?.map(({ Name }) => Name), Prefix]).toEqual([["beta", "beta-2"], "beta"]);
    expect((await list({ Prefix: "%_" })).Buckets ?? []).toEqual([]);
  });

  test("those of a region", async () => {
    expect((await list({ BucketRegion: "eu-west-3" })).Buckets?.map(({ Name }) => Name)).toEqual(["beta", "beta-2"]);
    expect((await list({ BucketRegion: "mars-1" })).Buckets ?? []).toEqual([]);
  });
});

describe("pages", () => {
  test.each([1, 2, 3, 4, 10_000])("of %i", async (MaxBuckets) => {
    const found: unknown[] = [];
    for await (const page of paginateListBuckets({ client: sherd.client() }, { MaxBuckets })) {
      expect(page.Buckets?.length).toBeLessThanOrEqual(MaxBuckets);
      found.push(...(page.Buckets ?? []).map(({ Name }) => Name));
    }
    expect(found).toEqual(names);
  });

  test("of a region", async () => {
    const first = await list({ MaxBuckets: 1, BucketRegion: "eu-west-3" });
    const second = await list({ MaxBuckets: 1, BucketRegion: "eu-west-3", ContinuationToken: first.ContinuationToken });
    expect([first, second].map(({ Buckets }) => Buckets?.[0]?.Name)).toEqual(["beta", "beta-2"]);
    expect(second.ContinuationToken).toBeUndefined();
  });
});

test.each([
  ["max-buckets=0", "max-buckets"],
  ["max-buckets=10001", "max-buckets"],
  ["max-buckets=-1", "max-buckets"],
  ["max-buckets=x", "max-buckets"],
  ["continuation-token=garbage", "continuation-token"],
  ["continuation-token=", "continuation-token"],
])("?%s is refused", async (query, argument) => {
  const { status, text } = await sherd.raw({ path: `/?${query}` });
  expect([status, elementText(text, "Code"), elementText(text, "ArgumentName")]).toEqual([
    400,
    "InvalidArgument",
    argument,
  ]);
});
