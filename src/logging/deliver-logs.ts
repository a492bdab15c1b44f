import { toHex } from "../base/bytes.ts";
import type { LineBatch, LoggedBucket } from "../metadata/access-logs/access-logs.ts";
import { DataKeyRefused } from "../sealing/data-keys.ts";
import { storeOf } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { StoreError } from "../store/failure.ts";
import { storeOfService } from "../store/guarded-store.ts";
import { putObject } from "../store/write/write.ts";
import { type LoggingConfiguration, logKey } from "./configuration.ts";
import { logAccess } from "./log-access.ts";
import { accountOf, LOGGING_SERVICE, targetProblem } from "./target.ts";

interface Log {
  info(line: string): void;
  error(line: string): void;
}

/** Of one log object. */
const OBJECT_BYTES = 4_000_000;
/** A batch that somebody began so long ago and has not ended is begun again, under the same key. */
const ABANDONED_MS = 300_000;
/** Lines that cannot be delivered for so long are given up. */
const GIVEN_UP_MS = 86_400_000;
const MS_PER_RUN = 20_000;

/**
 * Makes objects of the lines that wait: one for each bucket and day in a run, more if there are more than 4 MB. An object's key follows from
 * its batch, so a run that is broken off and gone on with makes the same object. Writes a line about it.
 */
export async function deliverLogs(store: StoreContext, log: Log): Promise<void> {
  const untilMs = store.clock.now() + MS_PER_RUN;
  let objects = 0;
  for (const one of store.databases?.all ?? [store]) {
    try {
      while (store.clock.now() < untilMs) {
        const done = await deliverNext(one, log);
        if (done === "none") break;
        if (done === "delivered") objects++;
      }
    } catch (error) {
      log.error(`access logs: ${String(error)}`);
    }
  }
  if (objects > 0) log.info(`access logs {"objects":${objects}}`);
}

async function deliverNext(store: StoreContext, log: Log): Promise<"none" | "delivered" | "postponed" | "dropped"> {
  const { accessLogs } = store.metadata;
  const nowMs = store.clock.now();
  const name = `${nowMs}-${toHex(store.random(8)).toUpperCase()}`;
  const batch = await accessLogs.claim(name, { nowMs, abandonedMs: nowMs - ABANDONED_MS, bytes: OBJECT_BYTES });
  if (batch === null) return "none";
  const problem = batch.bucket === null ? "the bucket logs no longer" : await deliver(store, batch, batch.bucket);
  if (problem !== null) {
    const madeMs = Number(batch.batch.split("-", 1)[0]);
    const isOver = batch.bucket === null || nowMs - madeMs > GIVEN_UP_MS;
    log.error(`access logs of ${batch.bucket?.name ?? "a bucket"}: ${problem}${isOver ? "; they are dropped" : ""}`);
    if (!isOver) {
      await accessLogs.postpone(batch.batch, nowMs);
      return "postponed";
    }
  }
  await accessLogs.drop(batch.batch);
  return problem === null ? "delivered" : "dropped";
}

/** Puts the object. Returns why not, if the target does not let it. */
async function deliver(store: StoreContext, batch: LineBatch, bucket: LoggedBucket): Promise<string | null> {
  const configuration = JSON.parse(bucket.logging) as LoggingConfiguration;
  const { targetBucket } = configuration;
  const holder = await storeOf(store, targetBucket);
  const target = await holder.metadata.buckets.find(targetBucket);
  if (target === null) return `the target bucket ${targetBucket} does not exist`;
  const [made = "", unique = ""] = batch.batch.split("-");
  const source = { name: bucket.name, accountId: accountOf(bucket), region: bucket.region };
  const key = logKey(configuration, { source, day: batch.day, deliveredMs: Number(made), unique });
  const problem = targetProblem(bucket, target, { prefix: key, nowMs: store.clock.now() });
  if (problem !== null) return `the target bucket ${targetBucket} does not take them (${problem})`;
  const bytes = new TextEncoder().encode(batch.lines.join(""));
  let rest: Uint8Array | null = bytes;
  try {
    const { accountId } = source;
    const service = { service: LOGGING_SERVICE, accountId, source: { arn: `arn:aws:s3:::${bucket.name}`, accountId } };
    await putObject(storeOfService(holder, service), {
      ...{ bucket: targetBucket, key, storageClass: "STANDARD" },
      attributes: { system: { contentType: "text/plain" }, user: {} },
      access: (into) => logAccess(into, configuration.grants),
      body: {
        sizeBytes: bytes.length,
        digests: [],
        next: async () => {
          const piece = rest;
          rest = null;
          return piece;
        },
        verify: () => null,
      },
    });
    return null;
  } catch (error) {
    if (error instanceof StoreError || error instanceof DataKeyRefused) return error.message;
    throw error;
  }
}
