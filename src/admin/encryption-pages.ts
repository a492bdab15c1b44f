import type { Caller } from "../auth/access.ts";
import { encryptBucket, needsKms } from "../maintenance/encrypt/encrypt.ts";
import type { AccessGuard } from "../metadata/access-guard.ts";
import type { BucketEncryptionRun } from "../metadata/encrypting/encrypting.ts";
import type { DataKeys } from "../sealing/data-keys.ts";
import { storeOf } from "../store/buckets/databases.ts";
import type { StoreContext } from "../store/context.ts";
import { StoreError } from "../store/failure.ts";
import { guardedStore } from "../store/guarded-store.ts";
import { newId } from "../store/placement/ids.ts";
import { newSealing } from "../store/sealed/new-sealing.ts";
import type { Bucket } from "../store/types.ts";
import { budgetOf } from "./call-budget.ts";
import { jsonPage, refusal } from "./json-page.ts";
import type { AskedPage, OwnPage, RenderedPage } from "./serve-page.ts";

/** Of the key that is made to see whether the bucket's encryption works. No object is encrypted with it. */
const TRIAL_KEY = "-";

/** The KMS's data keys for a caller, and the guard that goes with them. */
export type DataKeysOf = (caller: Caller) => DataKeys & { readonly guard: AccessGuard | null };

/**
 * `/-/encrypt/BUCKET`: POST begins to encrypt the bucket's plain versions, as the bucket encrypts new objects, and goes on with it if it
 * runs; GET tells how far it is; DELETE stops it. A background job does the work. For a bucket with SSE-KMS POST does it, for some
 * seconds a call, with the keys that its caller may use.
 */
export function encryptionPages(store: StoreContext, dataKeysOf?: DataKeysOf): Map<string, OwnPage[]> {
  const resource = ({ bucket = "" }: AskedPage["path"]) => `arn:aws:s3:::${bucket}`;
  const page = (method: OwnPage["method"], action: string, answer: Answer): OwnPage => ({
    method,
    action,
    resource,
    async render({ path: { bucket: name = "" }, caller }) {
      const keys = dataKeysOf?.(caller);
      const mine = await storeOf(guardedStore(store, keys ? keys.guard : caller.guard, keys), name);
      const bucket = await mine.metadata.buckets.find(name);
      return bucket ? answer(mine, bucket) : refusal(404, `there is no bucket ${name}`);
    },
  });
  return new Map([
    [
      "encrypt/:bucket",
      [
        page("POST", "sherd:EncryptBucket", start),
        page("GET", "sherd:GetBucketEncryptionRun", progress),
        page("DELETE", "sherd:StopEncryptingBucket", stop),
      ],
    ],
  ]);
}

type Answer = (store: StoreContext, bucket: Bucket) => Promise<RenderedPage>;

async function start(store: StoreContext, bucket: Bucket): Promise<RenderedPage> {
  const { metadata, clock } = store;
  try {
    if (!(await newSealing(store, { bucket, key: TRIAL_KEY, request: null }))) {
      return refusal(409, "new objects of the bucket are not encrypted: set its encryption first");
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const why = error.failure.kind === "kms" ? `kms ${error.failure.failure.kind}` : error.failure.kind;
    return refusal(409, `new objects of the bucket cannot be encrypted: ${why}`);
  }
  await metadata.encrypting.start(bucket.id, newId(store), clock.now());
  const run = await metadata.encrypting.find(bucket.id);
  if (!run || !needsKms(bucket)) return shown(bucket, run);
  return shown(bucket, (await encryptBucket(store, run, budgetOf(store), { withKms: true })) ?? run);
}

async function progress({ metadata }: StoreContext, bucket: Bucket): Promise<RenderedPage> {
  return shown(bucket, await metadata.encrypting.find(bucket.id));
}

async function stop(store: StoreContext, bucket: Bucket): Promise<RenderedPage> {
  await store.metadata.encrypting.stop(bucket.id, store.clock.now());
  return progress(store, bucket);
}

function shown(bucket: Bucket, run: BucketEncryptionRun | null): RenderedPage {
  if (run === null) return jsonPage({ bucket: bucket.name, state: "never-started" });
  const { state, startedMs, endedMs, place, progress: counts } = run;
  const { encryptedVersions, encryptedBytes, encryptedAnnotations, failed, failure, passes } = counts;
  return jsonPage({
    bucket: bucket.name,
    state,
    worksIn: needsKms(bucket) ? "POST" : "background",
    startedAt: new Date(startedMs).toISOString(),
    endedAt: endedMs === null ? null : new Date(endedMs).toISOString(),
    encryptedVersions,
    encryptedBytes,
    encryptedAnnotations,
    passes,
    afterKey: state === "running" ? (place?.key ?? null) : null,
    failed,
    lastFailure: failure,
  });
}
