import { afterAll, beforeAll, expect, test } from "vitest";
import { createOwnApp } from "../../src/admin/own-app.ts";
import { ownPages } from "../../src/admin/pages.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { search } from "../../src/maintenance/search/search.ts";
import { CostMeter } from "../../src/metadata/database.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { putObject } from "../../src/store/write/write.ts";
import { allowing, People, rootVariables } from "../support/people.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
let app: ReturnType<typeof createOwnApp>;
const root = { accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID, secret: rootVariables.SHERD_SECRET_ACCESS_KEY };

beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
  const observed = { drives: new Map(), cost: new CostMeter(), requests: () => [] };
  const door = { patience: CLIENT_PATIENCE, clientAddress: { from: "connection" } as const, clock: rig.store.clock };
  app = createOwnApp(rig.store, ownPages(rig.store, observed), {
    ...door,
    authenticator: new Authenticator(people.keys.ring),
  });
  for (const name of ["holiday", "work"]) {
    await createBucket(rig.store, { name, owner: "root", region: "us-east-1" });
  }
  await putObject(rig.store, put("holiday", "before", pattern(10)));
});
afterAll(() => rig.dispose());

async function ask(bucket: string, init: { method?: string; body?: unknown; key?: typeof root } = {}) {
  const { key = root, method = "GET", body } = init;
  const authorization = `Basic ${Buffer.from(`${key.accessKeyId}:${key.secret}`).toString("base64")}`;
  const headers = { authorization, "x-sherd-confirm": "yes" };
  const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await app.fetch(new Request(`http://sherd.test/-/search-index/${bucket}`, request));
  const text = await response.text();
  return { status: response.status, answer: text.startsWith("{") ? JSON.parse(text) : null };
}

const budget = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };

test("is begun, filled by the job, kept by writes, and switched off", async () => {
  expect((await ask("holiday")).answer).toEqual({ bucket: "holiday", fields: [], state: "off" });
  const body = { fields: ["size", "tags"] };
  const filling = { bucket: "holiday", fields: ["tags", "size"], state: "filling", filledTo: "" };
  expect((await ask("holiday", { method: "PUT", body })).answer).toEqual(filling);
  expect(await search.run(rig.store, budget, null)).toMatchObject({
    report: { searchStepsDone: 1 },
    isUnfinished: false,
  });
  expect((await ask("holiday")).answer).toEqual({ bucket: "holiday", fields: ["tags", "size"], state: "complete" });
  await putObject(rig.store, put("holiday", "after", pattern(20)));
  await putObject(rig.store, put("work", "elsewhere", pattern(20)));
  const indexes = await rig.store.metadata.search.complete({ ownerAccount: "", isFirst: true, names: ["holiday"] });
  const [{ id: indexId = 0 } = {}] = [...indexes.values()];
  const one = { indexId, field: "size", conditions: [">= 10"], isPoint: false };
  const counted = () => rig.store.metadata.queries.countSearches([{ search: one, keys: [] }], 10);
  expect(await counted()).toEqual([2]);
  expect((await ask("holiday", { method: "DELETE" })).answer).toMatchObject({ state: "off" });
  await search.run(rig.store, budget, null);
  // Queries that began before may be running.
  expect(await counted()).toEqual([2]);
});

test.each([
  {},
  { fields: [] },
  { fields: ["key"] },
  { fields: "tags" },
  { fields: ["tags"], more: 1 },
  { fields: Array(6).fill("tags") },
])("%j is refused", async (body) => {
  expect((await ask("work", { method: "PUT", body })).status).toBe(400);
  expect((await ask("work")).answer).toMatchObject({ state: "off" });
});

test("of a bucket that is not there is not found", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    const body = method === "PUT" ? { fields: ["tags"] } : undefined;
    expect([method, (await ask("nowhere", { method, body })).status]).toEqual([method, 404]);
  }
});

test.each([
  ["GET", "sherd:GetBucketSearchIndex"],
  ["PUT", "sherd:PutBucketSearchIndex"],
  ["DELETE", "sherd:DeleteBucketSearchIndex"],
])("%s needs %s on the bucket", async (method, Action) => {
  const Statement = [{ Effect: "Allow", Action, Resource: "arn:aws:s3:::holiday" }];
  const key = await people.user(JSON.stringify({ Version: "2012-10-17", Statement }));
  const init = { method, ...(method === "PUT" && { body: { fields: ["tags"] } }) };
  expect((await ask("holiday", { ...init, key })).status).toBe(200);
  expect((await ask("work", { ...init, key })).status).toBe(403);
  expect((await ask("holiday", { ...init, key: await people.user(allowing("s3:*")) })).status).toBe(403);
});
