import { createHash } from "node:crypto";
import { completeUpload } from "../src/store/complete-upload.ts";
import type { StoreContext } from "../src/store/context.ts";
import { copyObject } from "../src/store/copy.ts";
import { deleteObject, deleteObjects } from "../src/store/delete.ts";
import { StoreError } from "../src/store/failure.ts";
import { listObjects } from "../src/store/list.ts";
import { headObject, openObject } from "../src/store/objects.ts";
import type { IncomingBody } from "../src/store/types.ts";
import { uploadPart } from "../src/store/upload-part.ts";
import { abortUpload, createUpload } from "../src/store/uploads.ts";
import { putObject } from "../src/store/write.ts";
import { type Change, type Oracle, Violation } from "./oracle.ts";
import type { Process } from "./scheduler.ts";
import type { World } from "./world.ts";

export const BUCKETS = ["plain", "versioned"] as const;
/** Written all the time, and mostly only read. */
const HOT_KEYS = ["a", "b", "dir/c", "dir/d"];
const COLD_KEYS = Array.from({ length: 24 }, (_, at) => `cold/${at % 3}/${at}`);
export const KEYS = [...HOT_KEYS, ...COLD_KEYS];
const SIZES = [0, 1, 60, 190, 300, 700, 900, 3_000, 9_000];
const NO_ATTRIBUTES = { system: {}, user: {} };

/** A process with the store that runs in it. */
export interface Host {
  process: Process;
  store: StoreContext;
}

/** The operation's process crashed: nobody knows what became of it. */
const CRASHED = Symbol("crashed");

/** What every operation is made of. */
interface Operation {
  world: World;
  oracle: Oracle;
  host: Host;
  bucket: string;
  key: string;
}

const OPERATIONS: readonly [weight: number, (operation: Operation) => Promise<void>][] = [
  [10, put],
  [3, putIfAbsent],
  [10, get],
  [4, head],
  [3, remove],
  [2, removeMany],
  [3, copy],
  [3, multipart],
  [3, list],
  [2, oldVersion],
];
const TOTAL_WEIGHT = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

/** One operation of a client, picked by the seed. Throws a `Violation` where the store broke a promise. */
export async function oneOperation(world: World, oracle: Oracle, host: Host): Promise<void> {
  const { random } = world;
  let at = random.below(TOTAL_WEIGHT);
  const key = random.pick(random.chance(0.5) ? HOT_KEYS : COLD_KEYS);
  const operation = { world, oracle, host, bucket: random.pick(BUCKETS), key };
  for (const [weight, run] of OPERATIONS) {
    at -= weight;
    if (at < 0) {
      // What is cold is read, nine times of ten.
      const chosen = COLD_KEYS.includes(key) && random.chance(0.9) ? get : run;
      world.count(chosen.name);
      return chosen(operation);
    }
  }
}

const named = ({ bucket, key }: Operation, other = key) => `${bucket}/${other}`;

/** A body unlike every other one. */
function newBody({ world, oracle }: Operation): { bytes: Uint8Array; etag: string } {
  const bytes = world.random.bytes(8 + world.random.pick(SIZES));
  return { bytes, etag: oracle.body(bytes) };
}

function incoming(bytes: Uint8Array): IncomingBody {
  let at = 0;
  return {
    sizeBytes: bytes.length,
    digests: [],
    async next() {
      if (at >= bytes.length) return null;
      const piece = bytes.slice(at, at + 1_024);
      at += piece.length;
      return piece;
    },
    verify: () => null,
  };
}

/** The work, unless its process crashes first. */
function survived<T>({ host }: Operation, work: Promise<T>): Promise<T | typeof CRASHED> {
  return Promise.race([work, host.process.crashed.then((): typeof CRASHED => CRASHED)]);
}

/** A refusal that a client may meet while drives and database fail; anything else is a bug, or `expected` says it is right. */
function refusal(error: unknown, expected: readonly string[] = []): string {
  if (!(error instanceof StoreError)) throw error;
  const { kind } = error.failure;
  const allowed = ["drives-unavailable", "metadata-unavailable", "conflict", ...expected];
  if (!allowed.includes(kind))
    throw new Violation(`unexpected failure ${JSON.stringify(error.failure)}`, { cause: error });
  return kind;
}

/** Runs a change; whatever comes of it is told to the oracle. Gives its result, or null. */
async function change<T>(
  operation: Operation,
  made: Change | readonly Change[],
  work: () => Promise<T>,
  expected: readonly string[] = [],
): Promise<T | null> {
  const changes = Array.isArray(made) ? made : [made as Change];
  const all = (outcome: "done" | "refused" | "unknown") => {
    for (const one of changes) operation.oracle.end(one, outcome);
  };
  try {
    const result = await survived(operation, work());
    if (result === CRASHED) {
      all("unknown");
      return null;
    }
    all("done");
    return result;
  } catch (error) {
    const kind = refusal(error, expected);
    // Where the database did not answer, the commit may have happened.
    all(kind === "metadata-unavailable" ? "unknown" : "refused");
    operation.world.count(`answered ${kind}`);
    return null;
  }
}

async function put(operation: Operation): Promise<void> {
  const { oracle, host, bucket, key } = operation;
  const { bytes, etag } = newBody(operation);
  const body = incoming(bytes);
  const made = oracle.begin(named(operation), etag);
  const request = { bucket, key, attributes: NO_ATTRIBUTES, storageClass: "STANDARD", body };
  const written = await change(operation, made, () => putObject(host.store, request));
  if (written && written.etag !== etag) throw new Violation(`PutObject answered the ETag ${written.etag} for ${etag}`);
  if (written?.versionId) remember(operation, written.versionId, etag);
}

async function putIfAbsent(operation: Operation): Promise<void> {
  const { oracle, host, bucket, key } = operation;
  const { bytes, etag } = newBody(operation);
  const beganAt = oracle.tick();
  const made = oracle.begin(named(operation), etag);
  const request = { bucket, key, attributes: NO_ATTRIBUTES, storageClass: "STANDARD", body: incoming(bytes) };
  const condition = { ifNoneMatch: "*" as const };
  const expected = ["precondition-failed"];
  const written = await change(operation, made, () => putObject(host.store, { ...request, condition }), expected);
  if (!written) return;
  // Besides itself, nothing may have surely been there all the while.
  oracle.checkExclusive(named(operation), made);
  const others = oracle.possible(named(operation), beganAt);
  if (!others.has(null))
    throw new Violation(`${named(operation)}: If-None-Match: * succeeded on an object that was there`);
}

async function get(operation: Operation): Promise<void> {
  const { world, oracle, host, bucket, key } = operation;
  const beganAt = oracle.tick();
  const reading = async () => {
    const { head, read } = await openObject(host.store, { bucket, key });
    const offset = world.random.chance(0.5) ? 0 : world.random.below(head.sizeBytes + 1);
    const length = world.random.chance(0.5) ? head.sizeBytes - offset : world.random.below(head.sizeBytes - offset + 1);
    // The row decides which version is read: what changes from here on does not matter.
    oracle.checkRead(named(operation), head.etag, beganAt);
    const body = await read({ offset, length });
    let at = offset;
    for (let piece = await body.next(); piece; piece = await body.next()) {
      oracle.checkBytes(named(operation), head.etag, at, piece);
      at += piece.length;
    }
    if (at !== offset + length) throw new Violation(`${named(operation)}: ${at - offset} bytes came of ${length}`);
  };
  await absence(operation, beganAt, reading);
}

async function head(operation: Operation): Promise<void> {
  const { oracle, host, bucket, key } = operation;
  const beganAt = oracle.tick();
  await absence(operation, beganAt, async () => {
    const found = await headObject(host.store, { bucket, key });
    oracle.checkRead(named(operation), found.etag, beganAt);
    const expected = oracle.bytesOf(found.etag)?.length;
    if (expected !== found.sizeBytes) throw new Violation(`${key}: size ${found.sizeBytes}, not ${expected}`);
  });
}

/** Runs a read; that there is nothing is checked like anything else that is read. */
async function absence(operation: Operation, beganAt: number, reading: () => Promise<void>): Promise<void> {
  try {
    await survived(operation, reading());
  } catch (error) {
    if (error instanceof Violation) throw error;
    const kind = refusal(error, ["no-such-key"]);
    if (kind === "no-such-key") operation.oracle.checkRead(named(operation), null, beganAt);
    else operation.world.count(`answered ${kind}`);
  }
}

async function remove(operation: Operation): Promise<void> {
  const { oracle, host, bucket, key } = operation;
  await change(operation, oracle.begin(named(operation), null), () => deleteObject(host.store, { bucket, key }));
}

async function removeMany(operation: Operation): Promise<void> {
  const { world, oracle, host, bucket } = operation;
  const keys = HOT_KEYS.filter(() => world.random.chance(0.4));
  const made = keys.map((key) => oracle.begin(named(operation, key), null));
  await change(operation, made, () => deleteObjects(host.store, { bucket, deletions: keys.map((key) => ({ key })) }));
}

async function copy(operation: Operation): Promise<void> {
  const { world, oracle, host, bucket, key } = operation;
  const source = { bucket: world.random.pick(BUCKETS), key: world.random.pick(KEYS) };
  const beganAt = oracle.tick();
  // What is copied is known only when the source is read, which is before anything changes.
  let made: Change | null = null;
  const check = ({ etag }: { etag: string }) => {
    oracle.checkRead(`${source.bucket}/${source.key}`, etag, beganAt);
    made = oracle.begin(named(operation), etag);
  };
  const request = { source, check, bucket, key, attributes: "copy" as const, storageClass: "STANDARD" };
  const end = (outcome: "done" | "refused" | "unknown") => {
    if (made) oracle.end(made, outcome);
  };
  try {
    const result = await survived(operation, copyObject(host.store, request));
    end(result === CRASHED ? "unknown" : "done");
  } catch (error) {
    if (error instanceof Violation) throw error;
    const kind = refusal(error, ["no-such-key"]);
    end(kind === "metadata-unavailable" ? "unknown" : "refused");
    if (kind === "no-such-key") oracle.checkRead(`${source.bucket}/${source.key}`, null, beganAt);
  }
}

async function multipart(operation: Operation): Promise<void> {
  const { world, oracle, host, bucket, key } = operation;
  const bodies = Array.from({ length: 1 + world.random.below(3) }, () => newBody(operation));
  const create = { bucket, key, owner: "root", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };
  let made: Change | null = null;
  const uploading = async () => {
    const { uploadId } = await createUpload(host.store, create);
    const name = { bucket, key, uploadId };
    const parts: { partNumber: number; etag: string }[] = [];
    for (const [index, { bytes }] of bodies.entries()) {
      const partNumber = index + 1;
      const { etag } = await uploadPart(host.store, { ...name, partNumber, body: () => incoming(bytes) });
      parts.push({ partNumber, etag });
    }
    if (world.random.chance(0.2)) return abortUpload(host.store, name);
    const joined = Buffer.concat(bodies.map(({ bytes }) => bytes));
    const md5 = createHash("md5").update(Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, "hex"))));
    const etag = `${md5.digest("hex")}-${parts.length}`;
    oracle.know(etag, new Uint8Array(joined));
    made = oracle.begin(named(operation), etag);
    const written = await completeUpload(host.store, { ...name, parts });
    if (written.etag !== etag) throw new Violation(`CompleteMultipartUpload answered ${written.etag} for ${etag}`);
    if (written.versionId) remember(operation, written.versionId, etag);
  };
  const end = (outcome: "done" | "refused" | "unknown") => {
    if (made) oracle.end(made, outcome);
  };
  try {
    end((await survived(operation, uploading())) === CRASHED ? "unknown" : "done");
  } catch (error) {
    if (error instanceof Violation) throw error;
    // After an uncertain Complete the upload may be gone, and so may its object by then.
    end(refusal(error, ["no-such-upload"]) === "metadata-unavailable" ? "unknown" : "refused");
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

/** Versions that were acknowledged and not removed since: each must be there, whatever else happens. */
const versionsOf = new WeakMap<Oracle, { key: string; versionId: string; etag: string }[]>();

function remember({ oracle, key }: Operation, versionId: string, etag: string): void {
  const versions = versionsOf.get(oracle) ?? [];
  versions.push({ key, versionId, etag });
  versionsOf.set(oracle, versions);
}

async function oldVersion(operation: Operation): Promise<void> {
  const { world, oracle, host } = operation;
  const versions = versionsOf.get(oracle) ?? [];
  if (versions.length === 0) return;
  const at = world.random.below(versions.length);
  const version = versions[at] as (typeof versions)[number];
  const name = { bucket: "versioned", key: version.key, versionId: version.versionId };
  if (world.random.chance(0.5) || versions.length > 200) {
    // From the attempt on nothing is promised of it, and what the key names after it is any older version: not checked here.
    versions.splice(at, 1);
    const possible = oracle.possible(`versioned/${version.key}`, oracle.tick());
    if (possible.size > 0 && possible.has(version.etag)) {
      versions.push(version);
      return;
    }
    await change(operation, [], () => deleteObject(host.store, name));
    return;
  }
  try {
    const reading = async () => {
      const { head: found, read } = await openObject(host.store, name);
      if (found.etag !== version.etag) throw new Violation(`version ${version.versionId} has another ETag`);
      const body = await read({ offset: 0, length: found.sizeBytes });
      let offset = 0;
      for (let piece = await body.next(); piece; piece = await body.next()) {
        oracle.checkBytes(version.key, version.etag, offset, piece);
        offset += piece.length;
      }
    };
    await survived(operation, reading());
  } catch (error) {
    if (error instanceof Violation) throw error;
    refusal(error, versions.includes(version) ? [] : ["no-such-version"]);
  }
}
