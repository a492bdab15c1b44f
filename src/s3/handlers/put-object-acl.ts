import { headObject } from "../../store/objects.ts";
import { requireOwnerFullControl } from "../acl/owner-full-control.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";

/** PutObjectAcl: only the ACL that the object has anyway, so that nothing needs to be kept. */
export const putObjectAcl: Handler = async (call) => {
  const { store, bucket, key, query } = call;
  await requireOwnerFullControl(call);
  await headObject(store, { bucket, key, ...versionOf(query) });
  return { status: 200 };
};
