import type { BucketAccess, Grant, PublicAccessBlock } from "../metadata/buckets/access.ts";

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

/** The bucket's and its account's: a setting is on if it is on in one of them. */
export function effectiveBlock({ block = ALL_BLOCKED, accountBlock }: BucketAccess): PublicAccessBlock {
  const own = block === "none" ? NOTHING_BLOCKED : block;
  if (accountBlock === undefined) return own;
  return {
    BlockPublicAcls: own.BlockPublicAcls || accountBlock.BlockPublicAcls,
    IgnorePublicAcls: own.IgnorePublicAcls || accountBlock.IgnorePublicAcls,
    BlockPublicPolicy: own.BlockPublicPolicy || accountBlock.BlockPublicPolicy,
    RestrictPublicBuckets: own.RestrictPublicBuckets || accountBlock.RestrictPublicBuckets,
  };
}

/** Whether an ACL lets in callers of any account. */
export function isPublicAcl(acl: readonly Grant[]): boolean {
  return acl.some(({ grantee }) => "group" in grantee && grantee.group !== "LogDelivery");
}

/** The ACL of whatever has none of its own. */
export function fullControl(ownerId: string): readonly Grant[] {
  return [{ grantee: { id: ownerId }, permission: "FULL_CONTROL" }];
}
