import { effectiveBlock, fullControl, isPublicAcl } from "../auth/public-acls.ts";
import type { Bucket, Grant, ObjectAccess } from "../store/types.ts";

/**
 * The ACL of a log object in a target bucket, as it is now. The object is the bucket owner's, who has full control besides the grants.
 * Where ACLs do not count any more nothing is granted, and nothing to the public where that is blocked: the log comes nonetheless.
 */
export function logAccess({ owner, access: found }: Bucket, grants: readonly Grant[] = []): ObjectAccess {
  const access = found ?? {};
  const { ownership = "BucketOwnerEnforced" } = access;
  if (ownership === "BucketOwnerEnforced") return {};
  const isBlocked = effectiveBlock(access).BlockPublicAcls;
  const taken = grants.filter((grant) => !isBlocked || !isPublicAcl([grant]));
  return taken.length === 0 ? {} : { acl: [...fullControl(owner), ...taken] };
}
