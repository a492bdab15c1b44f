import { headObject } from "../../../store/read/objects.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { requireOwnerFullControl } from "./owner-full-control.ts";

/** PutObjectAcl: only the ACL that the object has anyway, so that nothing needs to be kept. */
export const putObjectAcl: Handler = async (call) => {
  const { store, bucket, key, query } = call;
  await requireOwnerFullControl(call);
  await headObject(store, { bucket, key, ...versionOf(query) });
  return { status: 200 };
};
