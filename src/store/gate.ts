import type { Bucket, BucketName, ObjectAccess, ObjectHead, ObjectKey } from "./types.ts";

/**
 * Decides what a request may do, from what the store finds. A read calls it with the row, before
 * anything of the row is returned. A write calls it with the bucket as it expects it. If that is
 * not the bucket at the commit, the commit fails and the write is decided again. Absent from a
 * `StoreContext` if nothing is to be decided, as in background jobs.
 */
export interface Gate {
  /** Decides everything about this bucket and places in it. Throws to refuse. */
  bucket(bucket: Bucket): void;
  /**
   * Decides everything about a version that was found. null: there is none; only callers who may
   * list the bucket may learn that. Throws to refuse.
   */
  object(bucket: Bucket, name: { key: ObjectKey; versionId?: string }, object: ObjectHead | null): void;
  /**
   * Decides everything about an unfinished upload in this bucket. `initiator` is the canonical id
   * of the account that began it; null: there is no such upload. Throws to refuse.
   */
  upload(bucket: Bucket, initiator: string | null): void;
  /**
   * Decides everything about versions in this bucket if their owners, ACLs and tags do not matter.
   * Returns false if they do: then nothing is decided yet, and `object` must be called. Throws to
   * refuse.
   */
  anyObject(bucket: Bucket): boolean;
  /**
   * Whether `bucket`, which may be out of date, would let the request pass, as far as that can be
   * decided without its objects.
   */
  allows(bucket: Bucket): boolean;
  /** The expected bucket: the caller's own, without settings. null: no expectation. */
  guess(name: BucketName): Bucket | null;
  /** Owner and ACL of a new object in this bucket. Throws if the bucket does not allow the ACL. */
  newObject(bucket: Bucket): ObjectAccess;
  /**
   * Whether an object of `owner` (its canonical id) belongs neither to the caller nor, with ACLs
   * off, to the bucket's owner.
   */
  isForeign(bucket: Bucket, owner: string): boolean;
}
