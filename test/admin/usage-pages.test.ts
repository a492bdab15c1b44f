import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createOwnApp } from "../../src/admin/own-app.ts";
import { ownPages } from "../../src/admin/pages.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { CostMeter } from "../../src/metadata/database.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { putObject } from "../../src/store/write/write.ts";
import { allowing, People, rootVariables } from "../support/people.ts";
import { s3App } from "../support/s3-app.ts";
import { signRequest } from "../support/signer.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
let app: ReturnType<typeof createOwnApp>;
const root = { accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID, secret: rootVariables.SHERD_SECRET_ACCESS_KEY };
const none = { bytesMax: null, objectsMax: null, bytesSoft: null, objectsSoft: null };

beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
  const observed = { drives: new Map(), cost: new CostMeter(), requests: () => [] };
  const door = { patience: CLIENT_PATIENCE, clientAddress: { from: "connection" } as const, clock: rig.store.clock };
  app = createOwnApp(rig.store, ownPages(rig.store, observed), {
    ...door,
    authenticator: new Authenticator(people.keys.ring),
  });
  const { canonicalId: owner } = (await rig.store.metadata.identities.accounts.find("100000000001")) as {
    canonicalId: string;
  };
  for (const name of ["holiday", "work"]) await createBucket(rig.store, { name, owner, region: "us-east-1" });
  await putObject(rig.store, put("holiday", "a", pattern(300_000)));
  await putObject(rig.store, put("work", "b", pattern(100_000)));
  await runJobs(rig.store);
});
afterAll(() => rig.dispose());

async function ask(page: string, init: { method?: string; body?: unknown; key?: typeof root } = {}) {
  const { key = root, method = "GET", body } = init;
  const authorization = `Basic ${Buffer.from(`${key.accessKeyId}:${key.secret}`).toString("base64")}`;
  const headers = { authorization, "x-sherd-confirm": "yes" };
  const request = {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
  const response = await app.fetch(new Request(`http://sherd.test/-/${page}`, request));
  const text = await response.text();
  return { status: response.status, text, answer: text.startsWith("{") ? JSON.parse(text) : null };
}

describe("/-/usage", () => {
  test("tells of the whole store, of accounts and of buckets, with their days and costs", async () => {
    const { answer } = await ask("usage");
    const sums = { buckets: 2, bytes: 400_000, objects: 2, versions: 2, deleteMarkers: 0, isCounted: true };
    expect(answer.total).toMatchObject(sums);
    expect(answer.accounts).toHaveLength(1);
    expect(answer.buckets.map((one: { bucket: string; bytes: number }) => [one.bucket, one.bytes])).toEqual([
      ["holiday", 300_000],
      ["work", 100_000],
    ]);
    expect(answer.days).toMatchObject([
      { date: new Date(rig.store.clock.now()).toISOString().slice(0, 10), bytes: 400_000 },
    ]);
    expect(answer.total.monthlyDollars).toEqual({ drives: 0, metadata: expect.any(Number), total: expect.any(Number) });
    expect((await ask("usage?account=100000000001")).answer).toMatchObject({ ...sums, quota: none });
    expect((await ask("usage?bucket=work")).answer).toMatchObject({ bytes: 100_000, days: [{ bytes: 100_000 }] });
  });

  test("adds up the accounts once", async () => {
    const accounts = vi.spyOn(rig.store.metadata.usage, "accounts");
    await ask("usage");
    expect(accounts).toHaveBeenCalledTimes(1);
    accounts.mockRestore();
  });

  test("is read page by page", async () => {
    const first = (await ask("usage?limit=1")).answer;
    expect([first.buckets.length, first.next]).toEqual([1, "holiday"]);
    const second = (await ask("usage?limit=1&after=holiday")).answer;
    expect([second.buckets[0].bucket, second.next]).toEqual(["work", null]);
  });

  test.each(["usage?days=0", "usage?days=401", "usage?limit=x"])("%s is refused", async (page) => {
    expect((await ask(page)).status).toBe(400);
  });

  test.each(["usage?bucket=nowhere", "usage?account=123456789012"])("%s is not found", async (page) => {
    expect((await ask(page)).status).toBe(404);
  });
});

describe("quotas", () => {
  test("of a bucket are put, read and taken away; S3 then answers QuotaExceeded", async () => {
    const quota = { ...none, bytesMax: 300_010 };
    const used = { bytes: 300_000, objects: 1 };
    expect((await ask("quota/holiday", { method: "PUT", body: { bytesMax: 300_010 } })).answer).toEqual({
      bucket: "holiday",
      quota,
      used,
    });
    expect((await ask("quota/holiday")).answer).toEqual({ bucket: "holiday", quota, used });
    const s3 = s3App(rig.store, people.keys.ring);
    const send = async (length: number) => {
      const url = "http://sherd.test/holiday/new";
      const body = "x".repeat(length);
      const { headers } = signRequest({
        method: "PUT",
        url,
        body,
        ...root,
        service: "s3",
        nowMs: rig.store.clock.now(),
      });
      return s3(new Request(url, { method: "PUT", headers, body }));
    };
    const refused = await send(11);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("<Code>QuotaExceeded</Code>");
    expect((await send(10)).status).toBe(200);
    expect((await ask("quota/holiday", { method: "DELETE" })).answer.quota).toEqual(none);
    expect((await send(11)).status).toBe(200);
  });

  test("of an account are the first's if none is named", async () => {
    const quota = { ...none, objectsMax: 7 };
    expect((await ask("account-quota", { method: "PUT", body: { objectsMax: 7 } })).answer).toMatchObject({
      account: "100000000001",
      quota,
    });
    expect((await ask("account-quota/100000000001")).answer.quota).toEqual(quota);
    expect((await ask("account-quota", { method: "DELETE" })).status).toBe(200);
    expect((await ask("account-quota")).answer.quota).toEqual(none);
    expect((await ask("account-quota/123456789012")).status).toBe(404);
  });

  test.each([
    ["no JSON", "{"],
    ["nothing", {}],
    ["another member", { bytesMax: 1, byteMax: 2 }],
    ["less than nothing", { bytesMax: -1 }],
    ["a part of a byte", { bytesMax: 1.5 }],
    ["a text", { objectsSoft: "7" }],
    ["more than a number holds", { bytesMax: 2 ** 53 }],
    ["a list", [1]],
  ])("with %s are refused", async (_, body) => {
    expect((await ask("quota/holiday", { method: "PUT", body })).status).toBe(400);
    expect((await ask("account-quota", { method: "PUT", body })).status).toBe(400);
  });

  test("of a bucket that is not there are not found", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      expect([
        method,
        (await ask("quota/nowhere", { method, ...(method === "PUT" && { body: { bytesMax: 1 } }) })).status,
      ]).toEqual([method, 404]);
    }
  });

  test("of one bucket may be allowed alone, by the bucket's ARN", async () => {
    const Resource = "arn:aws:s3:::holiday";
    const Statement = [{ Effect: "Allow", Action: "sherd:GetBucketQuota", Resource }];
    const key = await people.user(JSON.stringify({ Version: "2012-10-17", Statement }));
    expect((await ask("quota/holiday", { key })).status).toBe(200);
    expect((await ask("quota/work", { key })).status).toBe(403);
    expect((await ask("quota/holiday", { key: await people.user(allowing("s3:*")) })).status).toBe(403);
  });
});

test("/-/metrics has bytes and objects by bucket and account", async () => {
  const { text } = await ask("metrics");
  expect(text).toMatch(/^sherd_bucket_bytes\{bucket="work"\} 100000$/m);
  expect(text).toMatch(/^sherd_bucket_objects\{bucket="work"\} 1$/m);
  expect(text).toMatch(/^sherd_account_bytes\{account="[0-9a-f]{64}"\} \d+$/m);
});

describe("/-/rate-limits", () => {
  test("are set, listed and taken away; a key that is over its limit gets SlowDown", async () => {
    const user = await people.user(allowing("s3:*"));
    const subject = { accountId: "100000000001", accessKeyId: user.accessKeyId };
    const s3 = s3App(rig.store, people.keys.ring);
    const send = async () => {
      const url = "http://sherd.test/work/b";
      const signed = { method: "GET", url, accessKeyId: user.accessKeyId, secret: user.secret, service: "s3" };
      const { headers } = signRequest({ ...signed, nowMs: rig.store.clock.now() });
      return s3(new Request(url, { headers }));
    };
    expect((await send()).status).toBe(200);
    const limit = { requestsPerSecond: 1, bytesInPerSecond: null, bytesOutPerSecond: null };
    expect((await ask("rate-limits", { method: "PUT", body: { ...subject, requestsPerSecond: 1 } })).answer).toEqual({
      ...subject,
      ...limit,
    });
    expect((await ask("rate-limits")).answer).toEqual({ limits: [{ ...subject, ...limit }], next: null });
    // The first finds out that something has changed.
    const answers = [await send(), await send(), await send()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 503]);
    expect(answers[2]?.headers.get("retry-after")).toBe("1");
    expect(await answers[2]?.text()).toContain("<Code>SlowDown</Code>");
    const { accountId, accessKeyId } = subject;
    await ask(`rate-limits?accountId=${accountId}&accessKeyId=${accessKeyId}`, { method: "DELETE" });
    expect((await ask("rate-limits")).answer.limits).toEqual([]);
  });

  test.each([
    {},
    { accountId: "100000000001" },
    { accountId: "1", requestsPerSecond: 1 },
    { accountId: "100000000001", requestsPerSecond: 0 },
    { accountId: "100000000001", requestsPerSecond: null },
    { accountId: "100000000001", accessKeyId: "AKIAXXXXXXXXXXXXXXXX", requestsPerSecond: 1 },
    { accountId: "100000000001", requestsPerSecond: 1, more: 1 },
  ])("%j is refused", async (body) => {
    expect((await ask("rate-limits", { method: "PUT", body })).status).toBe(400);
  });

  test.each(["{", "[]", "1"])("%s, which is no such object, is told what is expected", async (body) => {
    const { status, answer } = await ask("rate-limits", { method: "PUT", body });
    expect([status, answer.error]).toEqual([400, expect.stringContaining("one or more of requestsPerSecond")]);
  });
});
