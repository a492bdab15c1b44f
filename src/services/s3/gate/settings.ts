import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import { isPublicPolicy } from "../../../auth/policy/public-access.ts";
import { firstAccount } from "../../../auth/principal.ts";
import type { Bucket, BucketAccess, Grant, ObjectOwner, PublicAccessBlock, Tags } from "../../../store/types.ts";

/** What decides who may reach a bucket, with everything that is not set in its place. */
export interface BucketSettings {
  readonly owner: ObjectOwner;
  readonly policy: Policy | undefined;
  /** ACLs count: the bucket's ownership is not BucketOwnerEnforced. */
  readonly hasAcls: boolean;
  /** A new object is the bucket owner's if its writer grants them full control. */
  readonly prefersOwner: boolean;
  /** The bucket's and its account's: a setting is on if it is on in one of them. */
  readonly block: PublicAccessBlock;
  readonly acl: readonly Grant[];
  /** The bucket's tags, as far as conditions may ask for them. */
  readonly tags: Tags;
  /** The policy lets in callers that nothing fixed limits. */
  isPublic(): boolean;
}

export const NOTHING_BLOCKED: PublicAccessBlock = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};

/** What buckets have from the start, as at AWS since April 2023. */
export const ALL_BLOCKED: PublicAccessBlock = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

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

/** The ACL of whatever has none of its own. */
export function fullControl(ownerId: string): readonly Grant[] {
  return [{ grantee: { id: ownerId }, permission: "FULL_CONTROL" }];
}

function compile({ name, access }: Bucket): { policy: Policy; isPublic?: boolean } | undefined {
  if (access?.policy === undefined) return undefined;
  const known = compiled.get(access);
  if (known !== undefined) return known;
  const parsed = parsePolicy(access.policy, { kind: "bucket", bucket: name });
  // PutBucketPolicy has parsed it before. Nobody is let in by a policy that cannot be read.
  if (!parsed.ok) throw new Error(`the policy of bucket ${name} cannot be read: ${parsed.failure.kind}`);
  const policy = { policy: parsed.policy };
  compiled.set(access, policy);
  return policy;
}

function effectiveBlock({ block = ALL_BLOCKED, accountBlock }: BucketAccess): PublicAccessBlock {
  const own = block === "none" ? NOTHING_BLOCKED : block;
  if (accountBlock === undefined) return own;
  return {
    BlockPublicAcls: own.BlockPublicAcls || accountBlock.BlockPublicAcls,
    IgnorePublicAcls: own.IgnorePublicAcls || accountBlock.IgnorePublicAcls,
    BlockPublicPolicy: own.BlockPublicPolicy || accountBlock.BlockPublicPolicy,
    RestrictPublicBuckets: own.RestrictPublicBuckets || accountBlock.RestrictPublicBuckets,
  };
}
