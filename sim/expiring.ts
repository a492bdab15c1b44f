import { createHash } from "node:crypto";
import type { LifecycleConfiguration } from "../src/lifecycle/configuration.ts";
import { lifecycle } from "../src/maintenance/lifecycle/lifecycle.ts";
import { runJobs } from "../src/maintenance/run/run-jobs.ts";
import { setLifecycle } from "../src/store/buckets/lifecycle.ts";
import type { StoreContext } from "../src/store/context.ts";
import { StoreError } from "../src/store/failure.ts";
import { headObject } from "../src/store/read/objects.ts";
import { putTags } from "../src/store/write/amend.ts";
import { putObject } from "../src/store/write/write.ts";
import type { Candidate } from "./expiring-model.ts";
import { CRASHED, incoming, NO_ATTRIBUTES, type Operation, outcomeOf, refusal, survived } from "./operation.ts";
import { Violation } from "./oracle.ts";
import type { World } from "./world.ts";

/** A bucket of its own, never versioned: everything that expires there has a tag that says so. */
export const EXPIRING = "expiring";
const KEYS = Array.from({ length: 12 }, (_, at) => `e/${at}`);
const SIZES = [8, 60, 300, 900, 3_000];

/** What has the tag expires after a day; or, if the rules are off, nothing does. */
export function rulesThat(areOn: boolean): LifecycleConfiguration {
  const filter = { form: "and", prefix: "e/", tags: [["expires", "yes"]] } as const;
  const rule = { id: "e", enabled: areOn, filter, expiration: { days: 1 } };
  return { rules: [rule], minimumSize: "all_storage_classes_128K" };
}

/**
 * Reads a key of the expiring bucket, and writes it again or changes its tag; now and then switches
 * the rules on or off.
 */
export async function expiring(operation: Operation): Promise<void> {
  const { world } = operation;
  const key = world.random.pick(KEYS);
  const { busy } = world.expiring;
  if (world.random.chance(0.05)) return turnRules(operation);
  if (busy.has(key)) return;
  busy.add(key);
  try {
    await look(operation, key);
    const what = world.random.below(5);
    if (what < 2) await write(operation, key);
    else if (what < 3) await tag(operation, key);
  } finally {
    busy.delete(key);
  }
}

async function turnRules(operation: Operation): Promise<void> {
  const { world, host } = operation;
  const model = world.expiring;
  if (model.busy.has("rules")) return;
  model.busy.add("rules");
  const areOn = world.random.chance(0.7);
  model.offSince = null;
  try {
    const done = await survived(operation, setLifecycle(host.store, EXPIRING, rulesThat(areOn)));
    if (done !== CRASHED && !areOn) model.offSince = model.tick();
    world.count(areOn ? "rules on" : "rules off");
  } catch (error) {
    refusal(error);
  } finally {
    model.busy.delete("rules");
  }
}

const timesOf = ({ clock, settings }: StoreContext) => ({
  nowMs: clock.now(),
  dayMs: settings.lifecycleDaySeconds * 1000,
});

async function look(operation: Operation, key: string): Promise<void> {
  const { world, host } = operation;
  try {
    const head = await survived(operation, headObject(host.store, { bucket: EXPIRING, key }));
    if (head !== CRASHED) world.expiring.found(key, head.etag, timesOf(host.store));
  } catch (error) {
    if (error instanceof Violation) throw error;
    if (refusal(error, ["no-such-key"]) === "no-such-key") world.expiring.found(key, null, timesOf(host.store));
  }
}

/** Runs a change of a key after which it names `made`, or, if nobody knows, perhaps what it named before. */
async function changing(
  operation: Operation,
  key: string,
  made: Candidate[],
  work: () => Promise<unknown>,
): Promise<void> {
  const model = operation.world.expiring;
  const { candidates } = model.of(key);
  try {
    const done = await survived(operation, work());
    model.set(key, done === CRASHED ? [...candidates, ...made] : made);
  } catch (error) {
    const refused = refusal(error, ["no-such-key"]);
    if (refused === "no-such-key") model.found(key, null, timesOf(operation.host.store));
    else if (outcomeOf(refused) === "unknown") model.set(key, [...candidates, ...made]);
  }
}

async function write(operation: Operation, key: string): Promise<void> {
  const { world, host } = operation;
  const bytes = world.random.bytes(8 + world.random.pick(SIZES));
  const etag = createHash("md5").update(bytes).digest("hex");
  const expires = world.random.chance(0.5);
  const tags = [["expires", expires ? "yes" : "no"] as const];
  const put = {
    bucket: EXPIRING,
    key,
    attributes: NO_ATTRIBUTES,
    storageClass: "STANDARD",
    tags,
    body: incoming(bytes),
  };
  const made = [{ etag, expires, sinceMs: host.store.clock.now() }];
  await changing(operation, key, made, () => putObject(host.store, put));
}

async function tag(operation: Operation, key: string): Promise<void> {
  const { world, host } = operation;
  const expires = world.random.chance(0.3);
  const made = world.expiring
    .of(key)
    .candidates.filter(({ etag }) => etag !== null)
    .map((candidate) => ({ ...candidate, expires }));
  if (made.length === 0) return;
  const tags = [["expires", expires ? "yes" : "no"] as const];
  await changing(operation, key, made, () => putTags(host.store, { bucket: EXPIRING, key }, tags));
}

/** Lets five days pass without a jump of the clock, so that lifecycle trusts it again. */
export async function passEvenly(store: StoreContext): Promise<void> {
  for (let step = 0; step < 20; step++) {
    await store.clock.sleep(timesOf(store).dayMs / 4);
    await runJobs(store, [lifecycle]);
  }
}

/**
 * At rest: keys that the rules keep are there, and keys that they expire are gone within two days.
 */
export async function auditExpiring(world: World, store: StoreContext): Promise<void> {
  const current = async (key: string) => {
    try {
      return (await headObject(store, { bucket: EXPIRING, key })).etag;
    } catch (error) {
      if (error instanceof StoreError && error.failure.kind === "no-such-key") return null;
      throw error;
    }
  };
  const model = world.expiring;
  for (const key of KEYS) model.found(key, await current(key), timesOf(store));
  model.offSince = null;
  await setLifecycle(store, EXPIRING, rulesThat(true));
  await passEvenly(store);
  for (const key of KEYS) {
    const etag = await current(key);
    model.found(key, etag, timesOf(store));
    if (etag === null) continue;
    const { candidates } = model.of(key);
    if (candidates.every(({ expires }) => expires)) throw new Violation(`${key} of the expiring bucket is still there`);
    world.count("kept by rules");
  }
}
