import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataKeysOf, encryptionPages } from "../../src/admin/encryption-pages.ts";
import { createOwnApp } from "../../src/admin/own-app.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { encrypt } from "../../src/maintenance/encrypt/encrypt.ts";
import type { DataKeyFailure } from "../../src/sealing/data-keys.ts";
import { noSealing } from "../../src/sealing/sealing.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { headObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { testDataKeys } from "../support/data-keys.ts";
import { allowing, People, type Person } from "../support/people.ts";
import { sealed } from "../support/sealing.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
const kms: { fails?: DataKeyFailure } = {};
const keysOf: DataKeysOf = ({ guard }) => ({ ...testDataKeys(kms), guard });
let rig: TestStore;
let app: ReturnType<typeof createOwnApp>;
let operator: Person;
let people: People;
beforeAll(async () => {
  rig = await openTestStore({ sealing: sealed });
  people = new People(rig.store);
  app = appOver(rig.store);
  operator = await people.user(allowing("sherd:*"));
  for (const name of ["old", "other", "keyed"]) {
    await createBucket(rig.store, { name, owner: "o", region: "us-east-1" });
    for (const key of ["a", "b"]) {
      await putObject({ ...rig.store, sealing: noSealing }, put(name, key, pattern(100, 1)));
    }
  }
  const value = { rule: { form: "aws:kms", keyId: "arn:of-the-bucket", bucketKey: false } };
  await rig.store.metadata.buckets.setAccess("keyed", { part: "encryption", value, id: "another" });
});
afterAll(() => rig.dispose());

function appOver(store: TestStore["store"]) {
  const door = { patience: CLIENT_PATIENCE, clientAddress: { from: "connection" as const }, clock: rig.store.clock };
  return createOwnApp(store, encryptionPages(store, keysOf), {
    ...door,
    authenticator: new Authenticator(people.keys.ring),
  });
}

async function ask(method: string, bucket: string, { accessKeyId, secret }: Person = operator, over = app) {
  const authorization = `Basic ${Buffer.from(`${accessKeyId}:${secret}`).toString("base64")}`;
  const headers = { authorization, "x-sherd-confirm": "yes" };
  const response = await over.fetch(new Request(`http://sherd.test/-/encrypt/${bucket}`, { method, headers }));
  const text = await response.text();
  return { status: response.status, ...(text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {}) };
}

test("a bucket's encryption is started, watched and stopped", async () => {
  expect(await ask("GET", "old")).toEqual({ status: 200, bucket: "old", state: "never-started" });
  const started = await ask("POST", "old");
  expect(started).toMatchObject({ status: 200, state: "running", worksIn: "background", encryptedVersions: 0 });
  expect(await ask("POST", "old")).toEqual(started);
  expect(await ask("DELETE", "old")).toMatchObject({ state: "stopped", endedAt: expect.any(String) });
  expect((await encrypt.run(rig.store, endless, null)).report.versionsEncrypted).toBe(0);
  expect(await ask("POST", "old")).toMatchObject({ state: "running", endedAt: null });
  expect((await encrypt.run(rig.store, endless, null)).report.versionsEncrypted).toBe(2);
  expect(await ask("GET", "old")).toMatchObject({
    ...{ state: "done", encryptedVersions: 2, encryptedBytes: 200, passes: 2, failed: 0, lastFailure: null },
  });
  expect((await headObject(rig.store, { bucket: "other", key: "a" })).encryption).toBeUndefined();
});

test("with SSE-KMS each call does some of it, as its caller", async () => {
  kms.fails = { kind: "access-denied", message: "no" };
  expect(await ask("POST", "keyed")).toMatchObject({
    status: 409,
    error: expect.stringContaining("kms access-denied"),
  });
  expect(await ask("GET", "keyed")).toMatchObject({ state: "never-started" });
  delete kms.fails;
  expect(await ask("POST", "keyed")).toMatchObject({
    status: 200,
    worksIn: "POST",
    state: "done",
    encryptedVersions: 2,
  });
  const { encryption } = await headObject(rig.store, { bucket: "keyed", key: "a" });
  expect(encryption).toMatchObject({ form: "aws:kms", keyArn: "arn:of-the-bucket" });
});

test("what cannot be encrypted is refused at once", async () => {
  expect(await ask("POST", "nowhere")).toMatchObject({ status: 404, error: "there is no bucket nowhere" });
  const plain = appOver({ ...rig.store, sealing: noSealing });
  expect(await ask("POST", "other", operator, plain)).toMatchObject({ status: 409 });
  expect(await ask("GET", "other")).toMatchObject({ state: "never-started" });
});

test("who is allowed one bucket may not do it to another, and who may watch may do nothing else", async () => {
  const statement = { Effect: "Allow", Action: "sherd:*", Resource: "arn:aws:s3:::old" };
  const keeper = await people.user(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
  const watcher = await people.user(allowing("sherd:GetBucketEncryptionRun"));
  for (const method of ["POST", "GET", "DELETE"]) {
    expect([method, (await ask(method, "old", keeper)).status]).toEqual([method, 200]);
    expect([method, (await ask(method, "other", keeper)).status]).toEqual([method, 403]);
    expect([method, (await ask(method, "other", watcher)).status]).toEqual([method, method === "GET" ? 200 : 403]);
  }
});
