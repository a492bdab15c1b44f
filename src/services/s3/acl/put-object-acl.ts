import { putAcl } from "../../../store/write/amend.ts";
import { S3Error } from "../errors/error.ts";
import { settingsOf } from "../gate/settings.ts";
import type { Handler } from "../handler.ts";
import { versionHeader, versionOf } from "../objects/version-id.ts";
import { acceptedAcl, requireOwnersAcl } from "./new-object-access.ts";
import { readPutAcl } from "./read-put-acl.ts";

/**
 * PutObjectAcl, of any version. If ACLs do not count, only the object's present ACL is accepted,
 * and nothing is stored. Accounts in the ACL are looked up only for callers who may set it.
 */
export const putObjectAcl: Handler = async (call) => {
  const { store, bucket: name, key, query } = call;
  const { versionId } = await putAcl(store, { bucket: name, key, ...versionOf(query) }, async (bucket, object) => {
    const { acl, ownerId } = await readPutAcl(call);
    const settings = settingsOf(bucket);
    if (!settings.hasAcls) {
      if (ownerId !== null && ownerId !== settings.owner.id) throw new S3Error("AccessControlListNotSupported");
      requireOwnersAcl(acl, settings.owner.id);
      return "unchanged";
    }
    const { owner = settings.owner } = object;
    if (ownerId !== null && ownerId !== owner.id) throw new S3Error("AccessDenied");
    return acceptedAcl(acl, owner.id, settings);
  });
  return { status: 200, headers: versionHeader(versionId) };
};
