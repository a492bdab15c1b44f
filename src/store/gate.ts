import type { Bucket, BucketName, ObjectAccess, ObjectHead, ObjectKey } from "./types.ts";

/**
 * Decides what a request may do, by what the store finds. Whoever reads calls it with what was read, before anything of it is
 * given away. Whoever writes calls it with the bucket that the write is about to assume; the commit fails if that is not so, and
 * is decided again. Absent from a `StoreContext` where nobody asks, as in background jobs.
 */
export interface Gate {
  /** Decides all that is asked of this bucket and of places in it. Throws to refuse. */
  bucket(bucket: Bucket): void;
  /**
   * Decides all that is asked of a version that was found. null: there is none, which only those may know who may list the bucket.
   * Throws to refuse.
   */
  object(bucket: Bucket, name: { key: ObjectKey; versionId?: string }, object: ObjectHead | null): void;
  /**
   * Decides all that is asked of an unfinished upload in this bucket. `initiator` is the canonical id of the account that began it;
   * null: there is no such upload. Throws to refuse.
   */
  upload(bucket: Bucket, initiator: string | null): void;
  /**
   * Decides all that is asked of versions in this bucket, if their owners, ACLs and tags do not matter. Returns false if they do:
   * then nothing is decided yet, and `object` must be called. Throws to refuse.
   */
  anyObject(bucket: Bucket): boolean;
  /** Whether `bucket`, which may not be what it was any more, would let the request pass, as far as can be told without its objects. */
  allows(bucket: Bucket): boolean;
  /** What the bucket probably is: the caller's own, with nothing set. null: there is no saying. */
  guess(name: BucketName): Bucket | null;
  /** Whose a new object in this bucket is, and its ACL. Throws if the bucket takes no such ACL. */
  newObject(bucket: Bucket): ObjectAccess;
  /** Whether an object of `owner` (its canonical id) belongs to neither the caller nor, where ACLs are off, the bucket's owner. */
  isForeign(bucket: Bucket, owner: string): boolean;
}
