import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { setVersioning } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
});
afterAll(() => sherd?.stop());

let buckets = 0;
async function newBucket(): Promise<string> {
  const Bucket = `bucket-${++buckets}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}
const statusOf = async (Bucket: string) => (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
const put = (Bucket: string) => client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x" }));
const configure = (bucket: string, body: string) =>
  sherd.raw({ method: "PUT", path: `/${bucket}?versioning`, body, headers: { "content-type": "application/xml" } });
const configuration = (content: string) =>
  `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</VersioningConfiguration>`;

describe("PutBucketVersioning", () => {
  it("enables versions, suspends them, and enables them again", async () => {
    const bucket = await newBucket();
    for (const status of ["Enabled", "Suspended", "Enabled"] as const) {
      await setVersioning(client, bucket, status);
      expect(await statusOf(bucket)).toBe(status);
    }
  });

  it("answers nothing", async () => {
    expect(await configure(await newBucket(), configuration("<Status>Enabled</Status>"))).toMatchObject({
      status: 200,
      text: "",
    });
  });

  it("suspends what was never enabled", async () => {
    const bucket = await newBucket();
    await setVersioning(client, bucket, "Suspended");
    expect(await statusOf(bucket)).toBe("Suspended");
  });

  it("decides what a write answers", async () => {
    const bucket = await newBucket();
    expect((await put(bucket)).VersionId).toBeUndefined();
    await setVersioning(client, bucket, "Enabled");
    const [first, second] = [await put(bucket), await put(bucket)];
    expect(first.VersionId).toMatch(/^[0-9A-Z]{32}$/);
    expect(second.VersionId).not.toBe(first.VersionId);
    await setVersioning(client, bucket, "Suspended");
    expect((await put(bucket)).VersionId).toBeUndefined();
  });

  it("takes MFA Delete where it is to stay off", async () => {
    const bucket = await newBucket();
    const VersioningConfiguration = { Status: "Enabled", MFADelete: "Disabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    expect(await statusOf(bucket)).toBe("Enabled");
  });
});

describe("PutBucketVersioning changes nothing for", () => {
  it.each([
    ["no status", configuration(""), 400, "IllegalVersioningConfigurationException"],
    ["a status in lower case", configuration("<Status>enabled</Status>"), 400, "MalformedXML"],
    ["a status that is none", configuration("<Status>Disabled</Status>"), 400, "MalformedXML"],
    ["two", configuration("<Status>Enabled</Status><Status>Enabled</Status>"), 400, "MalformedXML"],
    ["another root", "<Versioning><Status>Enabled</Status></Versioning>", 400, "MalformedXML"],
    ["no XML", "Enabled", 400, "MalformedXML"],
    ["no body", "", 400, "MissingRequestBodyError"],
    ["MFA Delete", configuration("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"), 501, "NotImplemented"],
    ["an odd MFA Delete", configuration("<Status>Enabled</Status><MfaDelete>On</MfaDelete>"), 400, "MalformedXML"],
  ])("%s", async (_, body, status, code) => {
    const bucket = await newBucket();
    expect(errorElements(await configure(bucket, body))).toMatchObject({ status: `${status}`, Code: code });
    expect(await statusOf(bucket)).toBeUndefined();
  });

  it("a bucket that does not exist", async () => {
    expect(await refusalOf(setVersioning(client, "nobody", "Enabled"))).toMatchObject({
      status: 404,
      code: "NoSuchBucket",
    });
  });
});
