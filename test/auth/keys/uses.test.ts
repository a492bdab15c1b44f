import { afterAll, beforeAll, expect, test } from "vitest";
import { KeyUses } from "../../../src/auth/keys/uses.ts";
import { MetadataUnavailable } from "../../../src/metadata/database.ts";
import { People } from "../../support/people.ts";
import { openTestStore, type TestStore } from "../../support/store.ts";

let rig: TestStore;
let people: People;
beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
});
afterAll(() => rig.dispose());

const MINUTE_MS = 60_000;
const AT = 100 * MINUTE_MS;
const facts = { context: () => undefined, now: () => Date.now() };
const use = { service: "s3", region: "eu-west-1", nowMs: AT };

async function caller(accessKeyId: string, token?: string) {
  const found = await people.keys.ring.find(accessKeyId, token);
  if (found.kind !== "key") throw new Error(found.kind);
  return found.caller(facts);
}

test("a key's use is noted once in a quarter of an hour, with service and region", async () => {
  const { keys } = rig.store.metadata.identities;
  const { accessKeyId } = await people.user();
  const used = await caller(accessKeyId);
  const uses = new KeyUses(keys);
  rig.takeCost();
  for (const nowMs of [AT, AT + 1, AT + 14 * MINUTE_MS]) await uses.note(used, { ...use, nowMs });
  expect(rig.takeCost().roundTrips).toBe(1);
  expect(await keys.find(accessKeyId)).toMatchObject({ usedMs: AT, usedService: "s3", usedRegion: "eu-west-1" });
  await uses.note(used, { service: "iam", region: null, nowMs: AT + 15 * MINUTE_MS });
  expect(await keys.find(accessKeyId)).toMatchObject({ usedMs: AT + 15 * MINUTE_MS, usedService: "iam" });
});

test("a session notes its role, and the Worker's own key nothing", async () => {
  const { keys, entities } = rig.store.metadata.identities;
  const id = await people.entity("role");
  const { accessKeyId, sessionToken } = people.session({ kind: "role", id, sessionName: "app" });
  const uses = new KeyUses(keys);
  await uses.note(await caller(accessKeyId, sessionToken), use);
  expect(await entities.findById(id)).toMatchObject({ usedMs: AT, usedRegion: "eu-west-1" });
  rig.takeCost();
  await uses.note(await caller("ROOTKEY"), use);
  expect(rig.takeCost().roundTrips).toBe(0);
});

test("a note that D1 does not take breaks nothing, and is made by the next use", async () => {
  const { accessKeyId } = await people.user();
  const used = await caller(accessKeyId);
  let calls = 0;
  const broken = async () => {
    calls += 1;
    throw new MetadataUnavailable("no");
  };
  const uses = new KeyUses({ noteUses: broken, noteRoleUses: broken });
  for (const nowMs of [AT, AT + 1]) await uses.note(used, { ...use, nowMs });
  expect(calls).toBe(2);
});
