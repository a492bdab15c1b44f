import { changeBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { S3Error } from "../errors/error.ts";
import { settingsOf } from "../gate/settings.ts";
import type { Handler } from "../handler.ts";
import { acceptedAcl, requireOwnersAcl } from "./new-object-access.ts";
import { readPutAcl } from "./read-put-acl.ts";

/**
 * PutBucketAcl. If ACLs do not count, only the bucket's present ACL is accepted, and nothing is
 * stored.
 */
export const putBucketAcl: Handler = async (call) => {
  const { store, bucket: name } = call;
  const { acl, ownerId } = await readPutAcl(call);
  const { hasAcls, owner } = settingsOf(await headBucket(store, name));
  if (!hasAcls) {
    if (ownerId !== null && ownerId !== owner.id) throw new S3Error("AccessControlListNotSupported");
    requireOwnersAcl(acl, owner.id);
    return { status: 200 };
  }
  await changeBucketAccess(store, name, (bucket) => {
    const settings = settingsOf(bucket);
    if (ownerId !== null && ownerId !== settings.owner.id) throw new S3Error("AccessDenied");
    return { part: "acl", value: acceptedAcl(acl, settings.owner.id, settings) };
  });
  return { status: 200 };
};
