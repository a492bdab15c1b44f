import type { AclGrant } from "../../../auth/policy/request.ts";
import { canonicalIdOf, type Principal } from "../../../auth/principal.ts";
import type { Grant } from "../../../store/types.ts";

type Permission = Exclude<Grant["permission"], "FULL_CONTROL">;

/*
 * Which permission of an ACL grants an action. Follows "Mapping of ACL permissions and access policy permissions" in the S3 User
 * Guide.
 */

/** Of the bucket's ACL. */
const OF_BUCKET: ReadonlyMap<string, Permission> = new Map([
  ["s3:ListBucket", "READ"],
  ["s3:ListBucketVersions", "READ"],
  ["s3:ListBucketMultipartUploads", "READ"],
  ["s3:PutObject", "WRITE"],
  // A new object: its writer owns it, and gives it its ACL.
  ["s3:PutObjectAcl", "WRITE"],
  ["s3:GetBucketAcl", "READ_ACP"],
  ["s3:PutBucketAcl", "WRITE_ACP"],
]);

/** Of the object's ACL. */
const OF_OBJECT: ReadonlyMap<string, Permission> = new Map([
  ["s3:GetObject", "READ"],
  ["s3:GetObjectVersion", "READ"],
  ["s3:GetObjectTorrent", "READ"],
  ["s3:GetObjectAcl", "READ_ACP"],
  ["s3:GetObjectVersionAcl", "READ_ACP"],
  ["s3:PutObjectAcl", "WRITE_ACP"],
  ["s3:PutObjectVersionAcl", "WRITE_ACP"],
]);

export interface AskedOfAcl {
  readonly acl: readonly Grant[];
  readonly of: "bucket" | "object";
  /** `s3:GetObject` and the like. */
  readonly action: string;
  /** IgnorePublicAcls: grants to groups of callers have no effect. */
  readonly ignoresPublic: boolean;
}

/** Grants of an ACL to a caller for an action. */
export function aclGrant({ acl, of, action, ignoresPublic }: AskedOfAcl, principal: Principal): AclGrant {
  const needed = (of === "bucket" ? OF_BUCKET : OF_OBJECT).get(action);
  if (needed === undefined) return "none";
  let granted: AclGrant = "none";
  for (const grant of acl) {
    if (grant.permission !== needed && grant.permission !== "FULL_CONTROL") continue;
    const by = matchGrantee(grant, principal, ignoresPublic);
    if (by === "everyone") return by;
    if (by === "account") granted = by;
  }
  return granted;
}

function matchGrantee({ grantee }: Grant, principal: Principal, ignoresPublic: boolean): AclGrant {
  if ("id" in grantee) return grantee.id !== "" && grantee.id === canonicalIdOf(principal) ? "account" : "none";
  switch (grantee.group) {
    case "AllUsers":
      return ignoresPublic ? "none" : "everyone";
    case "AuthenticatedUsers":
      return ignoresPublic || !("accountId" in principal) ? "none" : "everyone";
    case "LogDelivery":
      return principal.kind === "service" && principal.service === "logging.s3.amazonaws.com" ? "everyone" : "none";
  }
}
