import { fullControl } from "../../../auth/public-acls.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { settingsOf } from "../gate/settings.ts";
import type { Handler } from "../handler.ts";
import { aclDocument } from "./acl-document.ts";

/** GetBucketAcl. If ACLs do not count, it is the owner's full control. */
export const getBucketAcl: Handler = async ({ store, bucket }) => {
  const { owner, hasAcls, acl } = settingsOf(await headBucket(store, bucket));
  return { status: 200, body: aclDocument(owner.id, hasAcls ? acl : fullControl(owner.id)) };
};
