import { ACL_HEADERS } from "../acl/headers.ts";
import { parseBypassGovernance } from "../lock/bypass-governance.ts";

/** One permission that a request needs. */
export interface Ask {
  /** `s3:GetObject` and the like. */
  readonly action: string;
  /**
   * Facts that the decision depends on.
   * - `account`: no existing bucket. The resource belongs to the caller's own account.
   * - `bucket`: the bucket.
   * - `key`: a place in the bucket, whatever is stored there.
   * - `object`: an existing object, with its owner, its ACL and its tags.
   * - `upload`: an unfinished upload of the key, with its initiator.
   */
  readonly subject: "account" | "bucket" | "key" | "object" | "upload";
  /** "" if the action concerns no bucket. */
  readonly bucket: string;
  /** "" if the action concerns no key. */
  readonly key: string;
  /** From the request; absent if it names none. */
  readonly versionId?: string;
}

/** Parts of a request that determine its asks. */
export interface Asking {
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
}

/** Everything that an operation asks for, from its address and its headers only. */
export type Asks = (asking: Asking) => readonly Ask[];

/** Of the account: `s3:ListAllMyBuckets`. */
export function ofAccount(action: string): Asks {
  return ({ bucket }) => [{ action, subject: "account", bucket, key: "" }];
}

/** Of the bucket. */
export function ofBucket(action: string): Asks {
  return ({ bucket }) => [{ action, subject: "bucket", bucket, key: "" }];
}

/** Of a key, whatever is stored there. */
export function ofKey(action: string): Asks {
  return ({ bucket, key }) => [{ action, subject: "key", bucket, key }];
}

/** Of an unfinished upload of a key. */
export function ofUpload(action: string): Asks {
  return ({ bucket, key }) => [{ action, subject: "upload", bucket, key }];
}

/** Of an object. `versionAction` is used instead if the request names a version. */
export function ofObject(action: string, versionAction = action): Asks {
  return (asking) => [objectAsk(namedObject(asking), action, versionAction)];
}

/** All asks of several functions. */
export function all(...parts: readonly Asks[]): Asks {
  return (asking) => parts.flatMap((part) => part(asking));
}

/** The object in a request's address, with the version that it names. */
export function namedObject({ bucket, key, query }: Asking): NamedObject {
  const versionId = query.get("versionId");
  return versionId === null ? { bucket, key } : { bucket, key, versionId };
}

export interface NamedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** The ask of one object, by the action for the current version or that for a named version. */
export function objectAsk(object: NamedObject, action: string, versionAction: string): Ask {
  return { action: object.versionId === undefined ? action : versionAction, subject: "object", ...object };
}

/** `s3:BypassGovernanceRetention`, if the request wants to bypass retention in governance mode. */
export const bypassAsks: Asks = (asking) =>
  parseBypassGovernance(asking.headers) ? ofKey("s3:BypassGovernanceRetention")(asking) : [];

/** The ask for the ACL in a request's headers, if there is one. */
export function aclAsks(action: string, subject: "bucket" | "key" | "account"): Asks {
  return ({ bucket, key, headers }) =>
    ACL_HEADERS.some((name) => headers.has(name))
      ? [{ action, subject, bucket, key: subject === "key" ? key : "" }]
      : [];
}
