import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import { isPublicPolicy } from "../../../auth/policy/public-access.ts";
import { firstAccount } from "../../../auth/principal.ts";
import { effectiveBlock, fullControl } from "../../../auth/public-acls.ts";
import type { Bucket, BucketAccess, Grant, ObjectOwner, PublicAccessBlock, Tags } from "../../../store/types.ts";

/** Everything that decides about access to a bucket, with defaults filled in. */
export interface BucketSettings {
  readonly owner: ObjectOwner;
  readonly policy: Policy | undefined;
  /** ACLs count: the bucket's ownership is not BucketOwnerEnforced. */
  readonly hasAcls: boolean;
  /** A new object belongs to the bucket owner if its writer grants them full control. */
  readonly prefersOwner: boolean;
  /** The bucket's and its account's: a setting is on if it is on in either. */
  readonly block: PublicAccessBlock;
  readonly acl: readonly Grant[];
  /** The bucket's tags, as far as conditions may use them. */
  readonly tags: Tags;
  /** The policy allows callers without limiting them to fixed values. */
  isPublic(): boolean;
}

const NOTHING_SET: BucketAccess = {};

/** Policies are compiled once for each time that they are read from the database. */
const compiled = new WeakMap<BucketAccess, { policy: Policy; isPublic?: boolean }>();

export function settingsOf(bucket: Bucket): BucketSettings {
  const access = bucket.access ?? NOTHING_SET;
  const { ownership = "BucketOwnerEnforced" } = access;
  const policy = compile(bucket);
  const owner = { id: bucket.owner, account: bucket.ownerAccount ?? firstAccount.accountId };
  return {
    owner,
    policy: policy?.policy,
    hasAcls: ownership !== "BucketOwnerEnforced",
    prefersOwner: ownership === "BucketOwnerPreferred",
    block: effectiveBlock(access),
    acl: access.acl ?? fullControl(owner.id),
    tags: access.abac ?? [],
    isPublic: () => {
      if (policy === undefined) return false;
      policy.isPublic ??= isPublicPolicy(policy.policy);
      return policy.isPublic;
    },
  };
}

function compile({ name, access }: Bucket): { policy: Policy; isPublic?: boolean } | undefined {
  if (access?.policy === undefined) return undefined;
  const known = compiled.get(access);
  if (known !== undefined) return known;
  const parsed = parsePolicy(access.policy, { kind: "bucket", bucket: name });
  // PutBucketPolicy has parsed it before. An unreadable policy allows nothing.
  if (!parsed.ok) throw new Error(`the policy of bucket ${name} cannot be read: ${parsed.failure.kind}`);
  const policy = { policy: parsed.policy };
  compiled.set(access, policy);
  return policy;
}
