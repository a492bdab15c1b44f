import type { Bucket, BucketAccess } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { settingsOf } from "../gate/settings.ts";

export type ObjectOwnership = Exclude<NonNullable<BucketAccess["ownership"]>, "none">;

const OWNERSHIPS: ReadonlySet<string> = new Set(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]);

export function isObjectOwnership(text: string): text is ObjectOwnership {
  return OWNERSHIPS.has(text);
}

/**
 * Throws InvalidBucketAclWithObjectOwnership if the bucket's ACL has grants that would no longer
 * count.
 */
export function requireNoGrants(bucket: Bucket): void {
  const { acl, owner } = settingsOf(bucket);
  if (acl.some(({ grantee }) => !("id" in grantee) || grantee.id !== owner.id)) {
    throw new S3Error("InvalidBucketAclWithObjectOwnership");
  }
}
