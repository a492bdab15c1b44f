import { describe, expect, test } from "vitest";
import type { AwsClient, AwsRequest } from "../../console/src/aws/client.ts";
import { AwsError } from "../../console/src/aws/errors.ts";
import { createWithSettings, type FirstSettings } from "../../console/src/aws/s3/new-bucket.ts";

const ALL: FirstSettings = {
  isVersioned: true,
  isBlocked: false,
  encryption: { algorithm: "aws:kms", keyId: "a&b", bucketKey: true },
};

/** A client that refuses what `refuses` says; `asked` has what it was asked for. */
function fakeClient(refuses: (part: string) => boolean = () => false) {
  const asked: string[] = [];
  const s3 = async ({ path, query = {} }: AwsRequest) => {
    const part = Object.keys(query)[0] ?? path;
    asked.push(part);
    if (refuses(part)) throw new AwsError({ code: part, message: "", status: 403 });
    return new Response("");
  };
  return { client: { region: "us-east-1", s3 } as unknown as AwsClient, asked };
}

describe("a new bucket", () => {
  test("gets what CreateBucket does not set, and nothing that is so already", async () => {
    const all = fakeClient();
    expect(await createWithSettings(all.client, { name: "b" }, ALL)).toEqual([]);
    expect(all.asked).toEqual(["/b", "versioning", "publicAccessBlock", "encryption"]);
    const locked = fakeClient();
    await createWithSettings(
      locked.client,
      { name: "b", isLocked: true },
      { ...ALL, isBlocked: true, encryption: null },
    );
    expect(locked.asked).toEqual(["/b"]);
  });

  test("counts as made once it is there: refused settings are returned, and do not keep the others from being set", async () => {
    const { client, asked } = fakeClient((part) => part !== "/b" && part !== "publicAccessBlock");
    const refused = await createWithSettings(client, { name: "b" }, ALL);
    expect(refused.map((error) => (error as AwsError).code)).toEqual(["versioning", "encryption"]);
    expect(asked.length).toBe(4);
  });

  test("that is refused is thrown, and nothing is set", async () => {
    const { client, asked } = fakeClient((part) => part === "/b");
    await expect(createWithSettings(client, { name: "b" }, ALL)).rejects.toMatchObject({ status: 403 });
    expect(asked).toEqual(["/b"]);
  });
});
