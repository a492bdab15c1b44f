import { GuardError } from "../../metadata/database.ts";
import type { NewVersion, VersionCommit } from "../../metadata/objects/commit.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { expiryIn } from "../read/expiry.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, WriteResult } from "../types.ts";
import { formatVersionId } from "../version-id.ts";
import { confirmCommit } from "./confirm-commit.ts";

/** How often a commit is repeated if the bucket's rules change meanwhile. */
const ATTEMPTS_MAX = 3;

type Committed = Pick<WriteResult, "versionId" | "expiry">;

type Described = Pick<NewVersion, "lock" | "attributes"> & Partial<Pick<NewVersion, "etag">>;

/** The part of an admission that is repeated if the bucket has changed. */
export interface Readmission {
  /**
   * The values of the version that depend on the bucket. Throws if the bucket does not allow it.
   * Absent: none do.
   */
  describeIn?: (bucket: Bucket) => Described | Promise<Described>;
  /**
   * Whether the bucket was remembered, not read. Then a new bucket of the same name is the one that
   * the request means.
   */
  wasRemembered?: boolean;
}

/**
 * Step 6: makes a version visible, atomically, or throws a `StoreError` and changes nothing. If D1
 * does not say whether it committed, the version's unguessable id is looked up before the caller
 * gets an answer. Returns the version id that S3 prints, if the bucket has versions, and the
 * version's expiry by the bucket's lifecycle.
 */
export async function commitVersion(
  store: StoreContext,
  bucket: string,
  commit: VersionCommit,
  { describeIn, wasRemembered = false }: Readmission = {},
): Promise<Committed> {
  const { key } = commit.version;
  return withMetadata({ bucket, key, uploadId: commit.completes?.uploadId ?? "" }, async () => {
    let version = commit.version;
    for (let attempt = 1; ; attempt++) {
      try {
        const seq = await commitOnce(store, { ...commit, version });
        const { versioning } = version.bucket;
        const expiry = expiryIn(store, version.bucket, version);
        const committed = expiry ? { expiry } : {};
        if (versioning === null) return committed;
        return { ...committed, versionId: formatVersionId({ seq, id: version.id, isNull: versioning !== "enabled" }) };
      } catch (error) {
        if (!(error instanceof GuardError) || error.guard !== "bucket_changed" || attempt === ATTEMPTS_MAX) throw error;
        const found = await store.metadata.buckets.learn(bucket, store.clock.now());
        // Another bucket of the same name is not the one that the request was admitted to.
        const isAnother = found?.id !== version.bucket.id && !(wasRemembered && attempt === 1);
        if (!found || isAnother) throw new StoreError({ kind: "no-such-bucket", bucket }, { cause: error });
        store.gate?.bucket(found);
        version = { ...version, bucket: found, ...(await describeIn?.(found)) };
      }
    }
  });
}

async function commitOnce({ metadata }: StoreContext, commit: VersionCommit): Promise<number> {
  const { bucket, key, id } = commit.version;
  return confirmCommit(
    async () => (await metadata.commits.version(commit)).seq,
    () => metadata.objects.currentSeq(bucket.id, key, id),
  );
}
