import { deleteObject, deleteObjects } from "../src/store/delete/delete.ts";
import { listObjects } from "../src/store/read/list.ts";
import { headObject, openObject } from "../src/store/read/objects.ts";
import { copyObject } from "../src/store/write/copy.ts";
import { putObject } from "../src/store/write/write.ts";
import { annotate } from "./annotations.ts";
import { append } from "./append.ts";
import { expiring } from "./expiring.ts";
import { multipart } from "./multipart.ts";
import {
  COLD_KEYS,
  CRASHED,
  change,
  HOT_KEYS,
  incoming,
  KEYS,
  NO_ATTRIBUTES,
  named,
  newBody,
  type Operation,
  type Outcome,
  outcomeOf,
  pickBucket,
  pickClass,
  reading,
  refusal,
  survived,
} from "./operation.ts";
import { type Change, Violation } from "./oracle.ts";
import { rename } from "./rename.ts";
import { transition } from "./transition.ts";
import { amendVersion, oldVersion } from "./version-operations.ts";

const OPERATIONS: readonly [weight: number, (operation: Operation) => Promise<void>][] = [
  [10, put],
  [3, putIfAbsent],
  [10, get],
  [4, head],
  [3, remove],
  [2, removeMany],
  [3, copy],
  [3, multipart],
  [3, append],
  [2, rename],
  [3, list],
  [2, oldVersion],
  [1, amendVersion],
  [2, annotate],
  [6, expiring],
  [3, transition],
];
const TOTAL_WEIGHT = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

/**
 * One operation of a client, picked by the seed. Throws a `Violation` if the store broke a promise.
 */
export async function oneOperation({ world, ...rest }: Omit<Operation, "bucket" | "key">): Promise<void> {
  const { random } = world;
  let at = random.below(TOTAL_WEIGHT);
  const key = random.pick(random.chance(0.5) ? HOT_KEYS : COLD_KEYS);
  const operation = { world, ...rest, bucket: pickBucket(world), key };
  for (const [weight, run] of OPERATIONS) {
    at -= weight;
    if (at < 0) {
      // Cold keys are read, nine times of ten.
      const chosen = COLD_KEYS.includes(key) && random.chance(0.9) ? get : run;
      world.count(chosen.name);
      return chosen(operation);
    }
  }
}

async function put(operation: Operation): Promise<void> {
  await write(operation);
}

async function putIfAbsent(operation: Operation): Promise<void> {
  const { oracle } = operation;
  const beganAt = oracle.tick();
  const made = await write(operation, { ifNoneMatch: "*" });
  if (!made) return;
  // Besides itself, nothing may have surely been there all the while.
  oracle.checkPremise(named(operation), made, null);
  if (!oracle.possible(named(operation), beganAt).has(null)) {
    throw new Violation(`${named(operation)}: If-None-Match: * succeeded on an object that was there`);
  }
}

/** Returns the change, if it was made. */
async function write(operation: Operation, condition?: { ifNoneMatch: "*" }): Promise<Change | null> {
  const { oracle, versions, host, bucket, key } = operation;
  const { bytes, etag } = newBody(operation);
  const made = oracle.begin(named(operation), etag);
  const body = incoming(bytes);
  const request = { bucket, key, attributes: NO_ATTRIBUTES, storageClass: pickClass(operation), body };
  const putting = () => putObject(host.store, condition ? { ...request, condition } : request);
  const answer = await change(operation, made, putting, { expected: condition ? ["precondition-failed"] : [] });
  if (!answer || "refused" in answer) return null;
  if (answer.result.etag !== etag) throw new Violation(`PutObject answered ${answer.result.etag} for ${etag}`);
  versions.remember(operation, answer.result, etag);
  return made;
}

async function get(operation: Operation): Promise<void> {
  const { world, oracle, host, bucket, key } = operation;
  const beganAt = oracle.tick();
  const readPart = async () => {
    const opened = await openObject(host.store, { bucket, key });
    const offset = world.random.chance(0.5) ? 0 : world.random.below(opened.head.sizeBytes + 1);
    const length = world.random.chance(0.5)
      ? opened.head.sizeBytes - offset
      : world.random.below(opened.head.sizeBytes - offset + 1);
    // The row decides which version is read: later changes do not matter.
    oracle.checkRead(named(operation), opened.head.etag, beganAt);
    const body = await opened.read({ offset, length });
    let at = offset;
    for (let piece = await body.next(); piece; piece = await body.next()) {
      oracle.checkBytes(named(operation), opened.head.etag, at, piece);
      at += piece.length;
    }
    if (at !== offset + length) throw new Violation(`${named(operation)}: ${at - offset} bytes came of ${length}`);
  };
  await reading(operation, beganAt, readPart);
}

async function head(operation: Operation): Promise<void> {
  const { oracle, host, bucket, key } = operation;
  const beganAt = oracle.tick();
  await reading(operation, beganAt, async () => {
    const found = await headObject(host.store, { bucket, key });
    oracle.checkRead(named(operation), found.etag, beganAt);
    const expected = oracle.bytesOf(found.etag)?.length;
    if (expected !== found.sizeBytes) throw new Violation(`${key}: size ${found.sizeBytes}, not ${expected}`);
  });
}

async function remove(operation: Operation): Promise<void> {
  const { oracle, host, bucket, key } = operation;
  await change(operation, oracle.begin(named(operation), null), () => deleteObject(host.store, { bucket, key }));
}

/** Keys, and a version of one. */
async function removeMany(operation: Operation): Promise<void> {
  const { world, oracle, versions, host, bucket } = operation;
  const keys = HOT_KEYS.filter(() => world.random.chance(0.4));
  const old = versions.takeOld(operation, bucket);
  const beganAt = versions.said.tick();
  const made = keys.map((key) => oracle.begin(named(operation, key), null));
  const deletions = keys.map((key) => ({ key }));
  const oldDeletions = old ? [{ key: old.key, versionId: old.versionId }] : [];
  const request = { bucket, deletions: [...deletions, ...oldDeletions] };
  const answer = await change(operation, made, () => deleteObjects(host.store, request));
  if (old && answer && "result" in answer) {
    versions.checkRemoval(old, answer.result.at(-1)?.refusal ?? null, beganAt);
  }
}

async function copy(operation: Operation): Promise<void> {
  const { world, oracle, versions, host, bucket, key } = operation;
  const source = { bucket: pickBucket(world), key: world.random.pick(KEYS) };
  const beganAt = oracle.tick();
  // What is copied is known only when the source is read, which is before anything changes.
  let made: Change | null = null;
  const check = ({ etag }: { etag: string }) => {
    oracle.checkRead(`${source.bucket}/${source.key}`, etag, beganAt);
    made = oracle.begin(named(operation), etag);
  };
  const request = {
    source,
    check,
    bucket,
    key,
    attributes: "copy" as const,
    tags: [],
    storageClass: pickClass(operation),
  };
  const end = (outcome: Outcome) => {
    if (made) oracle.end(made, outcome);
  };
  try {
    const result = await survived(operation, copyObject(host.store, request));
    end(result === CRASHED ? "unknown" : "done");
    if (result !== CRASHED) versions.remember(operation, result, result.etag);
  } catch (error) {
    if (error instanceof Violation) throw error;
    const kind = refusal(error, ["no-such-key"]);
    end(outcomeOf(kind));
    if (kind === "no-such-key") oracle.checkRead(`${source.bucket}/${source.key}`, null, beganAt);
  }
}

async function list(operation: Operation): Promise<void> {
  const { world, oracle, host, bucket } = operation;
  const beganAt = oracle.tick();
  const listing = async () => {
    const seen = new Map<string, string>();
    let after = { key: "", skipPrefix: false };
    for (;;) {
      const limit = 1 + world.random.below(4);
      const page = await listObjects(host.store, { bucket, prefix: "", delimiter: "", after, limit });
      for (const entry of page.entries) if (entry.kind === "object") seen.set(entry.key, entry.etag);
      if (!page.next) break;
      after = page.next;
    }
    for (const key of KEYS) oracle.checkRead(named(operation, key), seen.get(key) ?? null, beganAt);
  };
  try {
    await survived(operation, listing());
  } catch (error) {
    if (error instanceof Violation) throw error;
    refusal(error);
  }
}
