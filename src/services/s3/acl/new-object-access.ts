import { fullControl, isPublicAcl } from "../../../auth/public-acls.ts";
import type { Grant, ObjectAccess, ObjectOwner } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import type { BucketSettings } from "../gate/settings.ts";
import { ANONYMOUS_OWNER } from "./anonymous-owner.ts";
import { cannedGrants } from "./canned.ts";
import type { RequestedAcl } from "./requested-acl.ts";

/**
 * Owner and ACL of a new object. Throws AccessControlListNotSupported if the bucket accepts no ACL
 * but that of its owner, and AccessDenied for a public one if those are blocked.
 *
 * Follows "Controlling ownership of objects" in the S3 User Guide.
 */
export function newObjectAccess(
  requested: RequestedAcl | null,
  writer: ObjectOwner,
  settings: BucketSettings,
): ObjectAccess {
  if (!settings.hasAcls) {
    if (requested !== null) requireOwnersAcl(requested, settings.owner.id);
    return {};
  }
  const givesAway = settings.prefersOwner && isFullControlOfBucketOwner(requested);
  const owner = givesAway ? settings.owner : writer.id === "" ? ANONYMOUS_OWNER : writer;
  return {
    ...(owner.id !== settings.owner.id && { owner }),
    ...(requested !== null && { acl: acceptedAcl(requested, owner.id, settings) }),
  };
}

function isFullControlOfBucketOwner(requested: RequestedAcl | null): boolean {
  return requested?.kind === "canned" && requested.name === "bucket-owner-full-control";
}

/** The grants of an ACL for a resource of `ownerId`. Throws AccessDenied if they are public and the bucket blocks that. */
export function acceptedAcl(requested: RequestedAcl, ownerId: string, settings: BucketSettings): readonly Grant[] {
  const owners = { ownerId, bucketOwnerId: settings.owner.id };
  const acl = requested.kind === "canned" ? cannedGrants(requested.name, owners) : requested.grants;
  if (settings.block.BlockPublicAcls && isPublicAcl(acl)) throw new S3Error("AccessDenied");
  return acl;
}

/**
 * Throws AccessControlListNotSupported unless the ACL only states the default: the bucket owner's
 * full control.
 */
export function requireOwnersAcl(requested: RequestedAcl, bucketOwnerId: string): void {
  const isOwners =
    requested.kind === "canned"
      ? requested.name === "private" || requested.name === "bucket-owner-full-control"
      : requested.grants.length > 0 && requested.grants.every((grant) => isSame(grant, fullControl(bucketOwnerId)[0]));
  if (!isOwners) throw new S3Error("AccessControlListNotSupported");
}

function isSame(one: Grant, other: Grant | undefined): boolean {
  return JSON.stringify([one.grantee, one.permission]) === JSON.stringify([other?.grantee, other?.permission]);
}
