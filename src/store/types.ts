import type { Expiry } from "../lifecycle/headers.ts";
import type { BucketAccess, ObjectAccess } from "../metadata/buckets/access.ts";
import type { RateLimit } from "../metadata/identities/rate-limits.ts";
import type { ObjectEncryption } from "../sealing/object-encryption.ts";

export type {
  BucketAccess,
  BucketEncryption,
  Grant,
  Grantee,
  ObjectAccess,
  ObjectOwner,
  PublicAccessBlock,
} from "../metadata/buckets/access.ts";
export type { ObjectEncryption } from "../sealing/object-encryption.ts";

/**
 * The store's data types: plain data, no Request, no Response, no XML, no SQL. Times are
 * milliseconds since 1970, UTC.
 */

export type BucketName = string;
/** Any Unicode text of 1 to 1,024 bytes of UTF-8 without U+0000. Compared by its bytes. */
export type ObjectKey = string;

/** S3's limit of a key, in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1_024;

export interface Bucket {
  id: number;
  name: BucketName;
  /** Canonical user id of the account that owns it. */
  owner: string;
  region: string;
  createdMs: number;
  /** null: it was never enabled. */
  versioning: "enabled" | "suspended" | null;
  /** JSON of the object lock configuration; null: the bucket was created without object lock. */
  objectLock: string | null;
  /** Account id of its owner; null: the first account. */
  ownerAccount: string | null;
  /** Changes whenever `access` does; null: `access` was never set. */
  accessId: string | null;
  access: BucketAccess | null;
  /** Of the notification configuration; null: there is none. */
  notificationId: string | null;
  /** Its lifecycle configuration, as it was set; null: it has none. */
  lifecycle: object | null;
  /** Rate limits of the account that owns it; null: it has none of its own. */
  ownerRate: RateLimit | null;
}

/**
 * Headers that S3 keeps with an object and returns as they were sent. Absent ones were not sent.
 */
export interface SystemHeaders {
  contentType?: string;
  contentEncoding?: string;
  contentDisposition?: string;
  contentLanguage?: string;
  cacheControl?: string;
  /** The text as sent, whatever its form. */
  expires?: string;
  /** Redirect target for requests on a website: a path or a URL. */
  websiteRedirectLocation?: string;
}

export interface Attributes {
  system: SystemHeaders;
  /** Names in lower case without `x-amz-meta-`; at most 2 KB of names and values together. */
  user: Record<string, string>;
}

export type ChecksumAlgorithm =
  | "crc32"
  | "crc32c"
  | "crc64nvme"
  | "sha1"
  | "sha256"
  | "sha512"
  | "md5"
  | "xxhash64"
  | "xxhash3"
  | "xxhash128";
/** `full-object`: of all the bytes. `composite`: of the parts' checksums, printed with `-<parts>`. */
export type ChecksumType = "full-object" | "composite";

export interface ObjectChecksum {
  algorithm: ChecksumAlgorithm;
  type: ChecksumType;
  /** Base64, as S3 prints it; composite ones with their `-<parts>` suffix. */
  value: string;
}

export interface PartSummary {
  partNumber: number;
  sizeBytes: number;
  /** Base64, in the upload's algorithm, if it has one. */
  checksum?: string;
}

/** In the order of the request; at most ten. */
export type Tags = readonly (readonly [key: string, value: string])[];

export interface Retention {
  mode: "GOVERNANCE" | "COMPLIANCE";
  /** 0: no date of its own, only that of an event hold. */
  untilMs: number;
}

/** How long an event hold keeps a version after its release. */
export type HoldDuration = { days: number } | { years: number };

/**
 * While it is on, the version is kept until its duration after now; `retainedUntilMs` is that time.
 */
export type EventHold = { status: "ON"; duration: HoldDuration } | { status: "OFF" };

/** Protections of a version against removal. */
export interface ObjectLock {
  retention: Retention | null;
  /** null: nobody ever said. */
  legalHold: "ON" | "OFF" | null;
  /** Absent: nobody ever set one. */
  eventHold?: EventHold;
}

export interface ObjectHead extends ObjectAccess {
  key: ObjectKey;
  /** Unguessable id of this version; begins with its creation time. */
  id: string;
  /** As S3 prints it; present if the bucket has or had versions. */
  versionId?: string;
  tags: Tags;
  lock: ObjectLock;
  sizeBytes: number;
  /**
   * Without quotes: MD5 in hex, or `<md5 of the parts' md5s>-<count>`. Random digits instead of
   * MD5s with SSE-KMS and SSE-C.
   */
  etag: string;
  modifiedMs: number;
  storageClass: string;
  attributes: Attributes;
  /** Absent: it is stored plain. */
  encryption?: ObjectEncryption;
  /** Absent if none was computed. */
  checksum?: ObjectChecksum;
  /** Present on objects that were completed from parts, ascending. */
  parts?: PartSummary[];
  /** How many annotations it has. */
  annotations: number;
}

/** Digests that a body may need. MD5 is always computed (it is the ETag). */
export type DigestName = ChecksumAlgorithm;
export type Digests = ReadonlyMap<DigestName, Uint8Array>;

/** A request body on its way in. The store pulls it once, start to end. */
export interface IncomingBody {
  /** Total of bytes that `next` will return, after every transfer coding is undone. */
  readonly sizeBytes: number;
  /**
   * True if `sizeBytes` is only an upper bound, as for a file in a form, whose end is found when it
   * comes. A little more than the bytes is stored then, so the bound must be close. Only
   * `putObject` accepts it.
   */
  readonly sizeIsBound?: boolean;
  /** The digests that `verify` needs besides MD5. */
  readonly digests: readonly DigestName[];
  /**
   * The next piece, valid until the next call, or null at the end. Throws if the transfer is
   * broken, cut off or forged.
   */
  next(): Promise<Uint8Array | null>;
  /**
   * Step 4 of the write protocol: called once, after the last byte and before anything is
   * committed. Throws to refuse the body; otherwise names the checksum to keep with the object
   * (null: the store keeps CRC-64/NVME, which it has anyway).
   */
  verify(digests: Digests): ObjectChecksum | null;
}

/**
 * Condition on the object at the destination when the write commits (If-Match, If-None-Match on
 * writes).
 */
export type WriteCondition = { ifNoneMatch: "*" } | { ifMatch: string };

export interface WriteResult {
  id: string;
  /** As S3 prints it; present if the bucket has or had versions. */
  versionId?: string;
  etag: string;
  modifiedMs: number;
  checksum?: ObjectChecksum;
  /** Absent: it is stored plain. */
  encryption?: ObjectEncryption;
  /** Expiry by the bucket's lifecycle; absent: never. */
  expiry?: Expiry;
}
