import { fullControl } from "../../../auth/public-acls.ts";
import { headObjectIn } from "../../../store/read/objects.ts";
import { settingsOf } from "../gate/settings.ts";
import type { Handler } from "../handler.ts";
import { versionHeader, versionOf } from "../objects/version-id.ts";
import { aclDocument } from "./acl-document.ts";

/** GetObjectAcl, of any version. If ACLs do not count, it is the bucket owner's full control. */
export const getObjectAcl: Handler = async ({ store, bucket, key, query }) => {
  const found = await headObjectIn(store, { bucket, key, ...versionOf(query) });
  const { owner: bucketOwner, hasAcls } = settingsOf(found.bucket);
  const { owner = bucketOwner, acl, versionId } = found.head;
  const body = hasAcls
    ? aclDocument(owner.id, acl ?? fullControl(owner.id))
    : aclDocument(bucketOwner.id, fullControl(bucketOwner.id));
  return { status: 200, headers: versionHeader(versionId), body };
};
