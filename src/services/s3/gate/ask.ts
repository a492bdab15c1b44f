import { ACL_HEADERS } from "../acl/headers.ts";
import { parseBypassGovernance } from "../lock/bypass-governance.ts";

/** One thing that a request needs to be allowed to do. */
export interface Ask {
  /** `s3:GetObject` and the like. */
  readonly action: string;
  /**
   * Facts that the decision depends on.
   * - `account`: no bucket that exists. The resource belongs to the caller's own account.
   * - `bucket`: the bucket.
   * - `key`: a place in the bucket, whatever lies there.
   * - `object`: an object that lies there, with its owner, its ACL and its tags.
   * - `upload`: an unfinished upload of the key, with its initiator.
   */
  readonly subject: "account" | "bucket" | "key" | "object" | "upload";
  /** "" if the action concerns no bucket. */
  readonly bucket: string;
  /** "" if the action concerns no key. */
  readonly key: string;
  /** As the request names it; absent if it names none. */
  readonly versionId?: string;
}

/** What of a request says what it asks for. */
export interface Asking {
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
}

/** Everything that an operation asks for, from its address and its headers alone. */
export type Asks = (asking: Asking) => readonly Ask[];

/** Of the account: `s3:ListAllMyBuckets`. */
export function ofAccount(action: string): Asks {
  return ({ bucket }) => [{ action, subject: "account", bucket, key: "" }];
}

/** Of the bucket. */
export function ofBucket(action: string): Asks {
  return ({ bucket }) => [{ action, subject: "bucket", bucket, key: "" }];
}

/** Of a key, whatever it names. */
export function ofKey(action: string): Asks {
  return ({ bucket, key }) => [{ action, subject: "key", bucket, key }];
}

/** Of an unfinished upload of a key. */
export function ofUpload(action: string): Asks {
  return ({ bucket, key }) => [{ action, subject: "upload", bucket, key }];
}

/** Of an object. `versionAction` is asked instead if the request names a version. */
export function ofObject(action: string, versionAction = action): Asks {
  return (asking) => [objectAsk(namedObject(asking), action, versionAction)];
}

/** All that each of several asks for. */
export function all(...parts: readonly Asks[]): Asks {
  return (asking) => parts.flatMap((part) => part(asking));
}

/** The object that a request addresses, with the version that it names. */
export function namedObject({ bucket, key, query }: Asking): NamedObject {
  const versionId = query.get("versionId");
  return versionId === null ? { bucket, key } : { bucket, key, versionId };
}

export interface NamedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** The ask of one object, by the action for the current version or by that for a version that is named. */
export function objectAsk(object: NamedObject, action: string, versionAction: string): Ask {
  return { action: object.versionId === undefined ? action : versionAction, subject: "object", ...object };
}

/** `s3:BypassGovernanceRetention`, if the request wants to pass over retention in governance mode. */
export const bypassAsks: Asks = (asking) =>
  parseBypassGovernance(asking.headers) ? ofKey("s3:BypassGovernanceRetention")(asking) : [];

/** The ask for the ACL that a request's headers set, if they set one. */
export function aclAsks(action: string, subject: "bucket" | "key" | "account"): Asks {
  return ({ bucket, key, headers }) =>
    ACL_HEADERS.some((name) => headers.has(name))
      ? [{ action, subject, bucket, key: subject === "key" ? key : "" }]
      : [];
}
