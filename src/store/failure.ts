import type { DataKeyFailure } from "../sealing/data-keys.ts";
import type { BucketName, ChecksumAlgorithm, ChecksumType, ObjectKey } from "./types.ts";

/**
 * Expected failures of the store. An exhaustive switch
 * (`src/services/s3/errors/translate-store.ts`) translates them into S3's error codes.
 */
export type StoreFailure =
  | { kind: "no-such-bucket"; bucket: BucketName }
  | { kind: "bucket-exists"; bucket: BucketName; ownedByCaller: boolean }
  /** `versioned`: perhaps only old versions and delete markers are left. */
  | { kind: "bucket-not-empty"; bucket: BucketName; versioned: boolean }
  | { kind: "too-many-buckets"; bucketsMax: number }
  /** `deleteMarker`: version id of the marker that hides the key. */
  | { kind: "no-such-key"; key: ObjectKey; deleteMarker?: string }
  | { kind: "no-such-version"; key: ObjectKey; versionId: string }
  /** The requested version is a delete marker, which cannot be read. */
  | { kind: "is-delete-marker"; versionId: string; modifiedMs: number }
  /** Retention or a legal hold protects the version. */
  | { kind: "object-locked"; key: ObjectKey }
  /** Without an active event hold, retention needs a date. */
  | { kind: "no-retain-until-date" }
  /** The bucket has no object lock, so there is nothing to lock with or to bypass. */
  | { kind: "no-object-lock"; bucket: BucketName; asked: "lock" | "bypass" }
  /** Only versions that are kept can be locked. */
  | { kind: "not-versioned"; bucket: BucketName }
  /** Object lock needs versioning to stay enabled. */
  | { kind: "versioning-needed"; bucket: BucketName }
  | { kind: "no-such-annotation"; key: ObjectKey; name: string }
  | { kind: "too-many-annotations"; annotationsMax: number }
  /** The object is, or would be, encrypted with a client's key (SSE-C). */
  | { kind: "not-annotatable" }
  /**
   * The bucket's tags decide about access to it: only TagResource and UntagResource may change
   * them.
   */
  | { kind: "abac-enabled"; bucket: BucketName }
  | { kind: "no-such-upload"; uploadId: string }
  /** A condition on the destination did not hold at the commit. */
  | { kind: "precondition-failed"; condition: string }
  /** `If-Match` on a key that does not exist. */
  | { kind: "precondition-no-such-key"; key: ObjectKey }
  /** The condition holds, but did not hold when the upload began. */
  | { kind: "precondition-conflict"; condition: "If-Match" | "If-None-Match"; key: ObjectKey }
  /** Complete names a part that was not uploaded, or that has another ETag or checksum. */
  | { kind: "invalid-part"; partNumber: number; etag?: string }
  /** A part other than the last is under 5 MiB. */
  | { kind: "part-too-small"; partNumber: number; sizeBytes: number; minBytes: number; etag: string }
  /** A change interfered with the operation on each attempt: the client may repeat it. */
  | { kind: "conflict"; what: string }
  /**
   * An append that does not begin where the object ends; `sizeBytes` is null if there is no object.
   */
  | { kind: "wrong-offset"; sizeBytes: number | null }
  /** The object has the most appends, or the most extents, that are allowed. */
  | { kind: "too-many-parts"; partsMax: number }
  /** An append in a bucket that ever had versioning: a written version does not change. */
  | { kind: "not-appendable"; bucket: BucketName }
  /** The token was used before, for another rename. */
  | { kind: "idempotency-mismatch" }
  /** The full-object checksum or size that the client expects does not match the parts. */
  | { kind: "checksum-mismatch"; algorithm: ChecksumAlgorithm }
  /** The upload was created with the other type of checksum. */
  | { kind: "checksum-type-mismatch"; created: ChecksumType }
  /** A composite checksum covers the parts' checksums, so each must be listed. */
  | { kind: "missing-part-checksum"; partNumber: number; algorithm: ChecksumAlgorithm }
  | { kind: "size-mismatch"; expectedBytes: number; actualBytes: number }
  /** The object has more extents than one row may hold. */
  | { kind: "too-many-extents"; extentsMax: number }
  /** The body ended before its declared size. */
  | { kind: "incomplete-body"; expectedBytes: number; receivedBytes: number }
  /** The body took too long: its first shards might be taken for orphans before the commit. */
  | { kind: "too-slow"; secondsMax: number }
  /**
   * Too few drives accepted their shard, or too few can return theirs. Nothing was made visible;
   * try again later.
   */
  | { kind: "drives-unavailable"; needed: number; available: number; why?: readonly DriveRefusal[] }
  /**
   * The disk of the metadata, or of too many drives, has only its reserve left. Deletions go on.
   */
  | { kind: "no-space"; where: "metadata" | "drives" }
  /** The object is encrypted with the client's key (SSE-C), and the request has none. */
  | { kind: "customer-key-missing"; of: "object" | "upload" }
  /** The request has a client's key, and the object was not encrypted with one. */
  | { kind: "customer-key-unexpected" }
  | { kind: "customer-key-wrong"; of: "object" | "upload" }
  /** The KMS returned no data key, or could not open one. */
  | { kind: "kms"; failure: DataKeyFailure }
  /** The bucket refuses objects with clients' keys (SSE-C). */
  | { kind: "customer-keys-blocked"; bucket: BucketName }
  /** An append requests another encryption than the object has. */
  | { kind: "other-encryption" }
  /** The object's bytes would have to be rewritten. */
  | { kind: "encryption-not-updatable" }
  /** The bucket's encryption changed during the write. The client may repeat it. */
  | { kind: "bucket-changed" }
  /** The bucket, or its account, would exceed its quota. */
  | { kind: "quota-exceeded"; of: "bucket" | "account"; bucket: BucketName }
  /** No root secret is configured. */
  | { kind: "sealing-not-configured" }
  /**
   * Something sealed does not open although the caller may have it. `reason` holds no key material.
   */
  | { kind: "sealed-shut"; reason: string }
  /** Other requests needed the memory for the body while its client was silent. */
  | { kind: "no-memory" }
  /** The metadata database did not answer. */
  | { kind: "metadata-unavailable" };

/** Why a drive returned or accepted no shard. */
export interface DriveRefusal {
  drive: string;
  reason: string;
}

/** The only expected error that the store throws. All other errors are bugs. */
export class StoreError extends Error {
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, options?: { cause?: unknown }) {
    super(messageOf(failure), options);
    this.name = "StoreError";
    this.failure = failure;
  }
}

/** One line for the log. */
function messageOf(failure: StoreFailure): string {
  if (failure.kind === "sealed-shut") return `${failure.kind}: ${failure.reason}`;
  if (failure.kind === "kms") {
    const { failure: of } = failure;
    return `${failure.kind}: ${of.kind}${"message" in of ? `: ${of.message}` : ""}`;
  }
  if (failure.kind !== "drives-unavailable") return failure.kind;
  const { needed, available, why = [] } = failure;
  const reasons = why.map(({ drive, reason }) => `${drive}: ${reason}`).join("; ");
  return `too few drives answer, ${available} of the ${needed} needed${reasons === "" ? "" : `: ${reasons}`}`;
}

/** A drive's message without its name in front. */
export function withoutDrive(drive: string, message: string): string {
  const prefix = `drive ${drive}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}
