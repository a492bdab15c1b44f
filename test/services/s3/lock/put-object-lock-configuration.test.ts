import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type ObjectLockRule,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { lockedBucket, setVersioning } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await lockedBucket(client, "locked");
});
afterAll(() => sherd?.stop());

const put = (Bucket: string, Rule?: ObjectLockRule) =>
  client.send(
    new PutObjectLockConfigurationCommand({
      Bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...(Rule && { Rule }) },
    }),
  );
const get = async (Bucket: string) =>
  (await client.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration;
const day = 86_400_000;

describe("PutObjectLockConfiguration", () => {
  it.each([
    { Mode: "GOVERNANCE", Days: 1 },
    { Mode: "COMPLIANCE", Years: 100 },
    { Mode: "COMPLIANCE", Days: 36_500 },
  ] as const)("sets the default retention %j, and GetObjectLockConfiguration says so", async (DefaultRetention) => {
    await put("locked", { DefaultRetention });
    expect(await get("locked")).toEqual({ ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } });
  });

  it("takes the rule away", async () => {
    await put("locked", { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } });
    await put("locked");
    expect(await get("locked")).toEqual({ ObjectLockEnabled: "Enabled" });
  });

  it("is what new objects are locked with", async () => {
    await lockedBucket(client, "defaults");
    await put("defaults", { DefaultRetention: { Mode: "GOVERNANCE", Days: 3 } });
    await client.send(new PutObjectCommand({ Bucket: "defaults", Key: "key", Body: "x" }));
    const head = await client.send(new HeadObjectCommand({ Bucket: "defaults", Key: "key" }));
    expect(head.ObjectLockMode).toBe("GOVERNANCE");
    const days = ((head.ObjectLockRetainUntilDate?.getTime() ?? 0) - Date.now()) / day;
    expect(days).toBeGreaterThan(2.9);
    expect(days).toBeLessThanOrEqual(3);
  });

  it("turns object lock on where versions are enabled, and nowhere else", async () => {
    await client.send(new CreateBucketCommand({ Bucket: "plain" }));
    const message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
    const refusal = { status: 409, code: "InvalidBucketState", message };
    expect(await refusalOf(put("plain"))).toEqual(refusal);
    await setVersioning(client, "plain", "Suspended");
    expect(await refusalOf(put("plain"))).toEqual(refusal);
    await setVersioning(client, "plain", "Enabled");
    await put("plain");
    expect(await get("plain")).toEqual({ ObjectLockEnabled: "Enabled" });
    expect((await refusalOf(setVersioning(client, "plain", "Suspended"))).code).toBe("InvalidBucketState");
    expect((await client.send(new GetBucketVersioningCommand({ Bucket: "plain" }))).Status).toBe("Enabled");
  });
});

describe("PutObjectLockConfiguration changes nothing for", () => {
  const configuration = (content: string) => `<ObjectLockConfiguration>${content}</ObjectLockConfiguration>`;
  const enabled = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>";
  const rule = (content: string) =>
    configuration(`${enabled}<Rule><DefaultRetention>${content}</DefaultRetention></Rule>`);

  it.each([
    ["nothing", configuration(""), "MalformedXML"],
    ["a lock that is off", configuration("<ObjectLockEnabled>Disabled</ObjectLockEnabled>"), "MalformedXML"],
    ["an empty rule", configuration(`${enabled}<Rule/>`), "MalformedXML"],
    ["an empty retention", rule(""), "MalformedXML"],
    ["a mode alone", rule("<Mode>GOVERNANCE</Mode>"), "MalformedXML"],
    ["a period alone", rule("<Days>1</Days>"), "MalformedXML"],
    ["days and years", rule("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>"), "MalformedXML"],
    ["another mode", rule("<Mode>governance</Mode><Days>1</Days>"), "MalformedXML"],
    ["half a day", rule("<Mode>GOVERNANCE</Mode><Days>0.5</Days>"), "MalformedXML"],
    ["no days", rule("<Mode>GOVERNANCE</Mode><Days>0</Days>"), "InvalidArgument"],
    ["years before", rule("<Mode>GOVERNANCE</Mode><Years>-1</Years>"), "InvalidArgument"],
    ["too many days", rule("<Mode>GOVERNANCE</Mode><Days>36501</Days>"), "InvalidArgument"],
    ["too many years", rule("<Mode>GOVERNANCE</Mode><Years>101</Years>"), "InvalidArgument"],
    ["another root", "<ObjectLock/>", "MalformedXML"],
    ["no body", "", "MissingRequestBodyError"],
  ])("%s", async (_, body, code) => {
    await put("locked");
    const response = await sherd.raw({ method: "PUT", path: "/locked?object-lock", body });
    expect(errorElements(response)).toMatchObject({ status: "400", Code: code });
    expect(await get("locked")).toEqual({ ObjectLockEnabled: "Enabled" });
  });

  it("a bucket that does not exist", async () => {
    expect(await refusalOf(put("nobody"))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });
});
