import { GuardError, MetadataUnavailable } from "../metadata/database.ts";
import { StoreError, type StoreFailure } from "./failure.ts";

/** Subject of an operation, for failures that name it. */
export interface Subject {
  bucket: string;
  key?: string;
  uploadId?: string;
}

/** Runs metadata calls; their errors are thrown as `StoreError`s that name `subject`. */
export async function withMetadata<T>(subject: Subject, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof GuardError) throw new StoreError(failureOf(error, subject), { cause: error });
    if (error instanceof MetadataUnavailable) throw new StoreError({ kind: "metadata-unavailable" }, { cause: error });
    throw error;
  }
}

function failureOf({ guard }: GuardError, { bucket, key = "", uploadId = "" }: Subject): StoreFailure {
  switch (guard) {
    case "wrong_database":
      return { kind: "metadata-unavailable" };
    case "bucket_elsewhere":
      return { kind: "bucket-exists", bucket, ownedByCaller: false };
    case "no_such_bucket":
      return { kind: "no-such-bucket", bucket };
    case "bucket_changed":
      return { kind: "conflict", what: "the versioning of the bucket was changed meanwhile" };
    case "bucket_access_changed":
      return { kind: "conflict", what: "the access settings of the bucket were changed meanwhile" };
    case "object_changed":
      return { kind: "conflict", what: "the object was changed meanwhile" };
    case "bucket_not_empty":
      return { kind: "bucket-not-empty", bucket, versioned: false };
    case "no_such_upload":
      return { kind: "no-such-upload", uploadId };
    case "part_changed":
      return { kind: "conflict", what: "a part was uploaded again while the upload was being completed" };
    case "blob_gone":
      return { kind: "conflict", what: "the source was deleted while it was being copied" };
    case "exists_already":
      return { kind: "precondition-failed", condition: "If-None-Match" };
    case "etag_differs":
      return { kind: "precondition-failed", condition: "If-Match" };
    case "bucket_quota_exceeded":
      return { kind: "quota-exceeded", of: "bucket", bucket };
    case "account_quota_exceeded":
      return { kind: "quota-exceeded", of: "account", bucket };
    case "access_changed":
      return { kind: "conflict", what: "what the caller may do was changed meanwhile" };
    case "news_taken":
    case "queue_changed":
    case "queue_deleted_recently":
    case "topic_changed":
    case "subscription_changed":
    case "publication_taken":
      // No operation on objects has these guards.
      return { kind: "metadata-unavailable" };
    case "no_such_key":
      return { kind: "precondition-no-such-key", key };
  }
}
