import type { Grant } from "../../../store/types.ts";
import { EC2_CANONICAL_ID } from "./directory.ts";

/** Parties of a canned ACL. Canonical user ids. */
export interface Owners {
  /** Owner of the bucket or object with the ACL. */
  readonly ownerId: string;
  readonly bucketOwnerId: string;
}

const everyone = { group: "AllUsers" } as const;

/** Grants of each besides the owner's full control. Follows "Canned ACL" in the S3 User Guide. */
const CANNED = {
  private: () => [],
  "public-read": () => [{ grantee: everyone, permission: "READ" }],
  "public-read-write": () => [
    { grantee: everyone, permission: "READ" },
    { grantee: everyone, permission: "WRITE" },
  ],
  "authenticated-read": () => [{ grantee: { group: "AuthenticatedUsers" }, permission: "READ" }],
  "aws-exec-read": () => [{ grantee: { id: EC2_CANONICAL_ID }, permission: "READ" }],
  // These two do not exist for buckets.
  "bucket-owner-read": ({ ownerId, bucketOwnerId }) =>
    ownerId === bucketOwnerId ? [] : [{ grantee: { id: bucketOwnerId }, permission: "READ" }],
  "bucket-owner-full-control": ({ ownerId, bucketOwnerId }) =>
    ownerId === bucketOwnerId ? [] : [{ grantee: { id: bucketOwnerId }, permission: "FULL_CONTROL" }],
  "log-delivery-write": () => [
    { grantee: { group: "LogDelivery" }, permission: "WRITE" },
    { grantee: { group: "LogDelivery" }, permission: "READ_ACP" },
  ],
} as const satisfies Record<string, (owners: Owners) => readonly Grant[]>;

export type CannedAcl = keyof typeof CANNED;

export function isCannedAcl(name: string): name is CannedAcl {
  return Object.hasOwn(CANNED, name);
}

/** All grants of a canned ACL. */
export function cannedGrants(name: CannedAcl, owners: Owners): readonly Grant[] {
  const grants: readonly Grant[] = CANNED[name](owners);
  return [{ grantee: { id: owners.ownerId }, permission: "FULL_CONTROL" }, ...grants];
}
