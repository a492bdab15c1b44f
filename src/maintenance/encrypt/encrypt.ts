import type {
  BucketEncryptionRun,
  EncryptionProgress,
  ScannedForEncryption,
} from "../../metadata/encrypting/encrypting.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError } from "../../store/failure.ts";
import { encryptAnnotations, encryptVersion } from "../../store/rewrite/encrypt-version.ts";
import type { Bucket } from "../../store/types.ts";
import type { Budget, Job } from "../run/job.ts";

const ROWS_PER_PAGE = 500;
const RUNS_PER_JOB = 100;
/**
 * How often the progress of a run is saved, so that a crash repeats little, and a stop is noticed.
 */
const SAVE_MS = 2_000;
/**
 * An older claim belongs to a process that is gone, or that writes a very large version. That
 * version is then written twice, and one of both counts.
 */
const CLAIM_MS = 15 * 60_000;

/** Failures that the next version would meet too. */
const FAILS_ALL: ReadonlySet<string> = new Set(["kms", "sealing-not-configured", "no-space"]);

/**
 * Encrypts the plain versions of buckets on request of `POST /-/encrypt/BUCKET`, as each bucket
 * encrypts new objects. Buckets with SSE-KMS are left to that page, because their data keys are
 * given to its caller. Each version is a step of its own, guarded by its row. So after a crash, a
 * repetition or two runs at once, every version is either plain or encrypted, and readable.
 */
export const encrypt: Job = {
  name: "encrypt",
  async run(store, budget) {
    const report = { versionsEncrypted: 0, annotationsEncrypted: 0, encryptionsFailed: 0 };
    const due = await store.metadata.encrypting.due(store.clock.now(), RUNS_PER_JOB);
    let isUnfinished = false;
    for (const run of due) {
      if (budget.isSpent()) return { report, cursor: null, isUnfinished: true };
      const after = await encryptBucket(store, run, budget, { withKms: false });
      if (after === null) continue;
      report.versionsEncrypted += after.progress.encryptedVersions - run.progress.encryptedVersions;
      report.annotationsEncrypted += after.progress.encryptedAnnotations - run.progress.encryptedAnnotations;
      report.encryptionsFailed += Math.max(0, after.progress.failed - run.progress.failed);
      isUnfinished ||= after.state === "running" && budget.isSpent();
    }
    return { report, cursor: null, isUnfinished };
  },
};

/**
 * Continues with a bucket until the budget is spent or the last pass over it has found nothing to
 * do. Returns its progress; null: another process works on it, it was stopped, or it needs a KMS
 * (`withKms`: the store's data keys are those of a caller who may use them). An obstacle for all
 * versions (no root key, no space, a KMS that refuses) ends the run for now and is returned as its
 * `failure`. Throws `StoreError` metadata-unavailable.
 */
export async function encryptBucket(
  store: StoreContext,
  found: BucketEncryptionRun,
  budget: Budget,
  { withKms }: { withKms: boolean },
): Promise<BucketEncryptionRun | null> {
  const { metadata, clock } = store;
  const nowMs = clock.now();
  const bucket = await metadata.encrypting.claim(found, nowMs, nowMs + CLAIM_MS);
  if (!bucket) return null;
  const work = new BucketEncrypter(store, bucket, found);
  try {
    if (withKms || !needsKms(bucket)) await work.goOn(budget);
  } finally {
    await work.release();
  }
  return withKms || !needsKms(bucket) ? work.run : null;
}

/** Whether new objects of the bucket are encrypted with a key of a KMS. */
export function needsKms({ access }: Pick<Bucket, "access">): boolean {
  const form = access?.encryption?.rule?.form;
  return form !== undefined && form !== "AES256";
}

class BucketEncrypter {
  run: BucketEncryptionRun;
  readonly #store: StoreContext;
  readonly #bucket: Bucket;
  #savedMs: number;

  constructor(store: StoreContext, bucket: Bucket, run: BucketEncryptionRun) {
    this.#store = store;
    this.#bucket = bucket;
    this.#savedMs = store.clock.now();
    this.run = { ...run, progress: { ...run.progress } };
  }

  async goOn(budget: Budget): Promise<void> {
    while (this.run.state === "running" && !budget.isSpent()) {
      const { encrypting } = this.#store.metadata;
      const { versions, isEnd } = await encrypting.page(this.#bucket.id, this.run.place, ROWS_PER_PAGE);
      for (const version of versions) {
        if (budget.isSpent() || this.run.state !== "running") return;
        if ((version.isPlain || version.hasPlainAnnotations) && !(await this.#encrypt(version))) return;
        this.run.place = { key: version.key, seq: version.seq };
        await this.#saveSometimes();
      }
      if (isEnd) this.#endPass();
    }
  }

  /** Saves the progress, and gives others their turn. */
  async release(): Promise<void> {
    const { state, endedMs } = this.run;
    await this.#store.metadata.encrypting.save(this.run, {
      busyUntilMs: 0,
      endedMs: state === "done" ? endedMs : null,
    });
  }

  /**
   * Versions that failed, or changed meanwhile, are tried again by another pass, until a pass finds
   * nothing that it can do.
   */
  #endPass(): void {
    const { progress } = this.run;
    progress.passes += 1;
    if (progress.touchedInPass === 0) {
      this.run = { ...this.run, state: "done", endedMs: this.#store.clock.now() };
      return;
    }
    Object.assign(progress, { touchedInPass: 0, failed: 0, failure: null } satisfies Partial<EncryptionProgress>);
    this.run.place = null;
  }

  /** Returns whether the next version may succeed. */
  async #encrypt(version: ScannedForEncryption): Promise<boolean> {
    const { progress } = this.run;
    try {
      await this.#encryptVersion(version);
      return true;
    } catch (error) {
      const kind = error instanceof StoreError ? error.failure.kind : null;
      if (kind === "metadata-unavailable") throw error;
      progress.failed += 1;
      progress.failure = `${kind ?? String(error)}: ${version.key}`;
      return kind === null || !FAILS_ALL.has(kind);
    }
  }

  async #encryptVersion({ isPlain, hasPlainAnnotations, ...place }: ScannedForEncryption): Promise<void> {
    const { progress } = this.run;
    const version = { ...place, bucket: this.#bucket };
    const bytes = isPlain ? await encryptVersion(this.#store, version) : null;
    if (bytes !== null) {
      progress.encryptedVersions += 1;
      progress.encryptedBytes += bytes;
    }
    if (hasPlainAnnotations) progress.encryptedAnnotations += await encryptAnnotations(this.#store, version);
    progress.touchedInPass += 1;
  }

  async #saveSometimes(): Promise<void> {
    const nowMs = this.#store.clock.now();
    if (nowMs < this.#savedMs + SAVE_MS) return;
    this.#savedMs = nowMs;
    const save = { busyUntilMs: nowMs + CLAIM_MS, endedMs: null };
    if (!(await this.#store.metadata.encrypting.save(this.run, save))) this.run = { ...this.run, state: "stopped" };
  }
}
