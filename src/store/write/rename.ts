import { createHash } from "node:crypto";
import { GuardError, TakenError } from "../../metadata/database.ts";
import type { FoundForRename, Rename } from "../../metadata/objects/renames.ts";
import { shareAnnotations } from "../annotations/copy-annotations.ts";
import { foundBucket } from "../buckets/admission.ts";
import { lockFor } from "../buckets/lock-and-tags.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { newsOf } from "../news.ts";
import { newId } from "../placement/ids.ts";
import { objectHead } from "../read/object-head.ts";
import { foundVersion } from "../read/objects.ts";
import type { CustomerKey } from "../sealed/encryption.ts";
import { described } from "../sealed/new-sealing.ts";
import { encryptionOf, openSealing } from "../sealed/open-content.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { BucketName, ObjectHead, ObjectKey } from "../types.ts";
import { confirmCommit } from "./confirm-commit.ts";

export interface RenameObject {
  bucket: BucketName;
  /** Another key than `key`. */
  source: ObjectKey;
  key: ObjectKey;
  /** Throws to refuse the source. */
  checkSource(head: ObjectHead): void;
  /** Throws to refuse what the key names now (null: nothing). Absent: anything is replaced. */
  checkTarget?(head: ObjectHead | null): void;
  /** The client's key of an object that was encrypted with one (SSE-C). */
  customerKey?: CustomerKey | null;
  /** Makes the rename repeatable; `parameters` are all parameters of the request. */
  idempotency?: { token: string; parameters: string };
}

/** How often a rename is repeated if its objects change meanwhile. */
const ATTEMPTS_MAX = 5;

/**
 * Moves an object to another key, in two D1 round trips and one atomic commit, without moving a
 * byte. Everything that belongs to the object stays, its time too. If the bucket has versions, the
 * key gets a new version and the source a delete marker. If the same token was used for the same
 * rename within the last day, the call succeeds and does nothing.
 *
 * Throws the errors of the checks and of `openSealing`, and `StoreError` no-such-bucket,
 * no-such-key (of the source), idempotency-mismatch, conflict, metadata-unavailable.
 */
export async function renameObject(store: StoreContext, rename: RenameObject): Promise<void> {
  const { bucket, key } = rename;
  await withMetadata({ bucket, key }, async () => {
    for (let attempt = 1; ; attempt++) {
      const commit = await prepare(store, rename);
      if (commit === "done") return;
      try {
        const { fromId, to, versioned } = commit;
        await confirmCommit<unknown>(
          () => store.metadata.renames.rename(commit),
          () => store.metadata.objects.currentSeq(commit.bucket.id, to, versioned?.id ?? fromId),
        );
        return;
      } catch (error) {
        const changed = error instanceof TakenError || (error instanceof GuardError && CHANGED.has(error.guard));
        if (!changed || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  });
}

/** Guards whose failure means that the decision must be made again. */
const CHANGED: ReadonlySet<string> = new Set(["bucket_changed", "object_changed"]);

/** Reads, checks, and returns the commit. */
async function prepare(store: StoreContext, rename: RenameObject): Promise<Rename | "done"> {
  const { bucket: name, source: from, key: to, idempotency } = rename;
  const nowMs = store.clock.now();
  const found = await store.metadata.renames.find({ bucket: name, from, to }, idempotency?.token ?? null, nowMs);
  const bucket = foundBucket(store, found?.source.bucket, name);
  const { target, doneRequest } = found as FoundForRename;
  const request = createHash("sha256")
    .update(idempotency?.parameters ?? "")
    .digest("base64");
  if (doneRequest !== null) {
    // The target is the renamed object: its owner, ACL and tags count.
    const { gate } = store;
    const renamed = target.object && objectHead(target.object, bucket);
    if (gate && !gate.anyObject(bucket)) gate.object(bucket, { key: from }, renamed);
    if (doneRequest === request) return "done";
    throw new StoreError({ kind: "idempotency-mismatch" });
  }
  const { object } = foundVersion(store, found?.source ?? null, { bucket: name, key: from });
  rename.checkSource(objectHead(object, bucket));
  rename.checkTarget?.(target.object && objectHead(target.object, bucket));
  const retention = lockFor(store, bucket, undefined);
  const versioned = bucket.versioning === null ? null : { id: newId(store), markerId: newId(store), retention };
  // Its key opens at the old place only.
  const sealing = await openSealing(store, { ...object, bucket }, rename.customerKey ?? null);
  const { encryption = null } = described(sealing, bucket, { key: to, versionId: versioned?.id ?? object.id });
  const count = object.annotations;
  const isKept = bucket.versioning !== null && count > 0;
  return {
    bucket,
    from,
    to,
    fromId: object.id,
    fromSealed: encryptionOf(object)?.sealed ?? null,
    encryption,
    ...(rename.checkTarget ? { toId: target.object?.id ?? null } : {}),
    versioned,
    annotations: { count, carried: isKept ? await shareAnnotations(store, object.id) : null },
    token: idempotency ? { token: idempotency.token, request } : null,
    nowMs,
    news: {
      created: newsOf(store, "ObjectCreated:Copy", { hasAnnotations: count > 0 }),
      removed: newsOf(store, bucket.versioning === null ? "ObjectRemoved:Delete" : "ObjectRemoved:DeleteMarkerCreated"),
    },
  };
}
