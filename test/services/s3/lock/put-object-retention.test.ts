import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type ObjectLockRetention,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, lockedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await lockedBucket(client, "locked");
  await client.send(new CreateBucketCommand({ Bucket: "plain" }));
  await client.send(new PutObjectCommand({ Bucket: "plain", Key: "key", Body: "x" }));
});
afterAll(() => sherd?.stop());

const inDays = (days: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000);
const write = async (Key: string) =>
  (await client.send(new PutObjectCommand({ Bucket: "locked", Key, Body: "x" }))).VersionId ?? "";
interface Where {
  Bucket?: string;
  Key: string;
  VersionId?: string;
}
const retain = (where: Where, Retention: ObjectLockRetention, BypassGovernanceRetention?: boolean) =>
  client.send(
    new PutObjectRetentionCommand({
      Bucket: "locked",
      Retention,
      ...where,
      ...(BypassGovernanceRetention !== undefined && { BypassGovernanceRetention }),
    }),
  );
const get = (where: Where) => client.send(new GetObjectRetentionCommand({ Bucket: "locked", ...where }));
const remove = (where: Where, BypassGovernanceRetention?: boolean) =>
  client.send(
    new DeleteObjectCommand({
      Bucket: "locked",
      ...where,
      ...(BypassGovernanceRetention && { BypassGovernanceRetention }),
    }),
  );
const LOCKED = {
  status: 403,
  code: "AccessDenied",
  message: "Access Denied because object protected by object lock.",
};

describe("PutObjectRetention", () => {
  it("retains the newest version, and GetObjectRetention and HeadObject say so", async () => {
    const VersionId = await write("key");
    const RetainUntilDate = inDays(1);
    await retain({ Key: "key" }, { Mode: "GOVERNANCE", RetainUntilDate });
    expect((await get({ Key: "key", VersionId })).Retention).toEqual({ Mode: "GOVERNANCE", RetainUntilDate });
    const head = await client.send(new HeadObjectCommand({ Bucket: "locked", Key: "key" }));
    expect(head).toMatchObject({ ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: RetainUntilDate });
    const { text } = await sherd.raw({ path: "/locked/key?retention" });
    expect(text).toContain(`<RetainUntilDate>${RetainUntilDate.toISOString()}</RetainUntilDate>`);
  });

  it("retains the version that is named, and no other", async () => {
    const first = await write("two");
    const second = await write("two");
    await retain({ Key: "two", VersionId: first }, { Mode: "COMPLIANCE", RetainUntilDate: inDays(1) });
    expect(await refusalOf(remove({ Key: "two", VersionId: first }))).toEqual(LOCKED);
    expect((await refusalOf(get({ Key: "two", VersionId: second }))).code).toBe("NoSuchObjectLockConfiguration");
    await remove({ Key: "two", VersionId: second });
  });

  it("in governance mode can be extended, and loosened with a bypass", async () => {
    const where = { Key: "governed", VersionId: await write("governed") };
    await retain(where, { Mode: "GOVERNANCE", RetainUntilDate: inDays(2) });
    await retain(where, { Mode: "GOVERNANCE", RetainUntilDate: inDays(3) });
    const loosened: ObjectLockRetention[] = [
      { Mode: "GOVERNANCE", RetainUntilDate: inDays(1) },
      { Mode: "COMPLIANCE", RetainUntilDate: inDays(4) },
      {},
    ];
    for (const retention of loosened) {
      expect(await refusalOf(retain(where, retention))).toEqual(LOCKED);
      expect(await refusalOf(retain(where, retention, false))).toEqual(LOCKED);
    }
    await retain(where, { Mode: "GOVERNANCE", RetainUntilDate: inDays(1) }, true);
    expect(await refusalOf(remove(where))).toEqual(LOCKED);
    await retain(where, {}, true);
    expect((await refusalOf(get(where))).code).toBe("NoSuchObjectLockConfiguration");
    await remove(where);
  });

  it("in governance mode lets a bypass delete", async () => {
    const where = { Key: "bypassed", VersionId: await write("bypassed") };
    await retain(where, { Mode: "GOVERNANCE", RetainUntilDate: inDays(1) });
    await remove(where, true);
    expect((await refusalOf(get(where))).code).toBe("NoSuchVersion");
  });

  it("in compliance mode can be extended, and nothing else", async () => {
    const where = { Key: "complied", VersionId: await write("complied") };
    await retain(where, { Mode: "COMPLIANCE", RetainUntilDate: inDays(2) });
    const until = inDays(3);
    await retain(where, { Mode: "COMPLIANCE", RetainUntilDate: until });
    const loosened: ObjectLockRetention[] = [
      { Mode: "COMPLIANCE", RetainUntilDate: inDays(1) },
      { Mode: "GOVERNANCE", RetainUntilDate: inDays(4) },
      {},
    ];
    for (const retention of loosened) expect(await refusalOf(retain(where, retention, true))).toEqual(LOCKED);
    expect(await refusalOf(remove(where, true))).toEqual(LOCKED);
    expect((await get(where)).Retention?.RetainUntilDate).toEqual(until);
  });
});

describe("PutObjectRetention changes nothing for", () => {
  const retention = (content: string) => `<Retention>${content}</Retention>`;
  const until = (text: string) => `<RetainUntilDate>${text}</RetainUntilDate>`;
  const governance = "<Mode>GOVERNANCE</Mode>";

  it.each([
    ["another mode", retention(`<Mode>governance</Mode>${until("2999-01-01T00:00:00Z")}`), "MalformedXML"],
    ["a mode alone", retention(governance), "MalformedXML"],
    ["a date alone", retention(until("2999-01-01T00:00:00Z")), "MalformedXML"],
    ["a date that is past", retention(governance + until("2020-01-01T00:00:00Z")), "InvalidArgument"],
    ["a date that is none", retention(governance + until("tomorrow")), "InvalidArgument"],
    ["another root", "<Retain/>", "MalformedXML"],
    ["no body", "", "MissingRequestBodyError"],
  ])("%s", async (_, body, code) => {
    await write("unchanged");
    const response = await sherd.raw({ method: "PUT", path: "/locked/unchanged?retention", body });
    expect(errorElements(response)).toMatchObject({ status: "400", Code: code });
    expect((await refusalOf(get({ Key: "unchanged" }))).code).toBe("NoSuchObjectLockConfiguration");
  });

  it("what does not exist, or cannot be locked", async () => {
    const forever = { Mode: "GOVERNANCE", RetainUntilDate: inDays(1) } as const;
    const codeOf = async (where: Where) => {
      const { status, code } = await refusalOf(retain(where, forever));
      return [status, code];
    };
    expect(await codeOf({ Key: "absent" })).toEqual([404, "NoSuchKey"]);
    expect(await codeOf({ Key: "key", VersionId: ABSENT_VERSION })).toEqual([404, "NoSuchVersion"]);
    expect(await codeOf({ Bucket: "nobody", Key: "key" })).toEqual([404, "NoSuchBucket"]);
    expect(await codeOf({ Bucket: "plain", Key: "key" })).toEqual([400, "InvalidRequest"]);
    await write("marked");
    const { VersionId: marker = "" } = await remove({ Key: "marked" });
    expect(await codeOf({ Key: "marked", VersionId: marker })).toEqual([405, "MethodNotAllowed"]);
  });
});

describe("event holds", () => {
  const HELD = { Mode: "COMPLIANCE", EventHold: "ON", EventHoldDuration: { Days: 5 } } as const;
  const retentionOf = async (Key: string) => (await get({ Key })).Retention;
  const days = (date: Date | undefined) => Math.round(((date?.getTime() ?? 0) - Date.now()) / 86_400_000);

  it("keep a version until they are released, and for their duration from then on", async () => {
    const VersionId = await write("held");
    await retain({ Key: "held" }, HELD);
    const head = await client.send(new HeadObjectCommand({ Bucket: "locked", Key: "held" }));
    expect(head).toMatchObject({ ObjectLockEventHold: "ON", ObjectLockEventHoldDurationDays: 5 });
    expect(days(head.ObjectLockRetainUntilDate)).toBe(5);
    expect(await refusalOf(remove({ Key: "held", VersionId }, true))).toMatchObject(LOCKED);
    expect(await retentionOf("held")).toMatchObject(HELD);
    await retain({ Key: "held" }, { Mode: "COMPLIANCE", EventHold: "OFF" });
    const released = await retentionOf("held");
    expect(released).toMatchObject({ Mode: "COMPLIANCE", EventHold: "OFF" });
    expect(released?.EventHoldDuration).toBeUndefined();
    expect(days(released?.RetainUntilDate)).toBe(5);
    expect(await refusalOf(remove({ Key: "held", VersionId }, true))).toMatchObject(LOCKED);
  });

  it("are placed by writes and by the bucket's default", async () => {
    const hold = {
      ObjectLockMode: "GOVERNANCE",
      ObjectLockEventHold: "ON",
      ObjectLockEventHoldDurationYears: 2,
    } as const;
    await client.send(new PutObjectCommand({ Bucket: "locked", Key: "written", Body: "x", ...hold }));
    expect(await retentionOf("written")).toMatchObject({ EventHold: "ON", EventHoldDuration: { Years: 2 } });
    expect(days((await retentionOf("written"))?.RetainUntilDate)).toBe(730);
    await lockedBucket(client, "by-default");
    const DefaultRetention = { Mode: "GOVERNANCE", DefaultEventHold: { Days: 30 } } as const;
    const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } } as const;
    await client.send(new PutObjectLockConfigurationCommand({ Bucket: "by-default", ObjectLockConfiguration }));
    const configured = await client.send(new GetObjectLockConfigurationCommand({ Bucket: "by-default" }));
    expect(configured.ObjectLockConfiguration).toEqual(ObjectLockConfiguration);
    await client.send(new PutObjectCommand({ Bucket: "by-default", Key: "key", Body: "x" }));
    const head = await client.send(new HeadObjectCommand({ Bucket: "by-default", Key: "key" }));
    expect(head).toMatchObject({ ObjectLockEventHold: "ON", ObjectLockEventHoldDurationDays: 30 });
  });

  it.each([
    ["no mode", { EventHold: "ON", EventHoldDuration: { Days: 1 } }],
    ["no duration", { Mode: "GOVERNANCE", EventHold: "ON" }],
    ["two durations", { Mode: "GOVERNANCE", EventHold: "ON", EventHoldDuration: { Days: 1, Years: 1 } }],
    ["a duration of nothing", { Mode: "GOVERNANCE", EventHold: "ON", EventHoldDuration: { Days: 0 } }],
    ["a duration beyond 100 years", { Mode: "GOVERNANCE", EventHold: "ON", EventHoldDuration: { Days: 36_501 } }],
    ["a duration with OFF", { Mode: "GOVERNANCE", EventHold: "OFF", EventHoldDuration: { Days: 1 } }],
    ["a duration without a hold", { Mode: "GOVERNANCE", EventHoldDuration: { Days: 1 } }],
    ["nothing to release", { Mode: "GOVERNANCE", EventHold: "OFF" }],
    ["another word", { Mode: "GOVERNANCE", EventHold: "MAYBE", EventHoldDuration: { Days: 1 } }],
  ])("refuse %s", async (_, retention) => {
    await write("refused");
    expect(await refusalOf(retain({ Key: "refused" }, retention as ObjectLockRetention))).toMatchObject({
      status: 400,
    });
  });
});
