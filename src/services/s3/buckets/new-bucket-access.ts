import { isPublicAcl, NOTHING_BLOCKED } from "../../../auth/public-acls.ts";
import type { StoreContext } from "../../../store/context.ts";
import type { BucketAccess, Grant } from "../../../store/types.ts";
import { cannedGrants } from "../acl/canned.ts";
import { isObjectOwnership, type ObjectOwnership } from "../acl/ownership.ts";
import { aclOfHeaders } from "../acl/requested-acl.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";

const OWNERSHIP = "x-amz-object-ownership";

/**
 * The access settings of a new bucket: those of its headers, with this server's defaults. Undefined
 * if they are those of a bucket without settings. Throws InvalidArgument,
 * InvalidBucketAclWithObjectOwnership, and InvalidBucketAclWithBlockPublicAccessError for a public
 * ACL if new buckets block those.
 */
export async function newBucketAccess(call: Call, ownerId: string): Promise<BucketAccess | undefined> {
  const { settings } = call.store;
  const ownership = ownershipOf(call.headers, call.store);
  const acl = await aclOf(call, ownerId);
  if (ownership === "BucketOwnerEnforced" && acl !== null && !isOwnersAlone(acl, ownerId)) {
    throw new S3Error("InvalidBucketAclWithObjectOwnership");
  }
  if (settings.blockPublicAccess && acl !== null && isPublicAcl(acl)) {
    throw new S3Error("InvalidBucketAclWithBlockPublicAccessError");
  }
  const access: BucketAccess = {
    ...(ownership !== "BucketOwnerEnforced" && { ownership, ...(acl !== null && { acl }) }),
    ...(!settings.blockPublicAccess && { block: NOTHING_BLOCKED }),
  };
  return Object.keys(access).length > 0 ? access : undefined;
}

function ownershipOf(headers: Headers, { settings }: StoreContext): ObjectOwnership {
  const text = headers.get(OWNERSHIP) ?? settings.objectOwnership;
  if (isObjectOwnership(text)) return text;
  throw new S3Error("InvalidArgument", `Invalid ${OWNERSHIP} header: ${text.slice(0, 100)}`, {
    ArgumentName: OWNERSHIP,
    ArgumentValue: text.slice(0, 100),
  });
}

async function aclOf({ headers, directory }: Call, ownerId: string): Promise<readonly Grant[] | null> {
  const requested = await aclOfHeaders(headers, directory);
  if (requested === null) return null;
  if (requested.kind === "grants") return requested.grants;
  return cannedGrants(requested.name, { ownerId, bucketOwnerId: ownerId });
}

function isOwnersAlone(acl: readonly Grant[], ownerId: string): boolean {
  return acl.every(({ grantee }) => "id" in grantee && grantee.id === ownerId);
}
