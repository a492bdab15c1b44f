import { headObject } from "../../store/objects.ts";
import { ownerFullControl } from "../acl/owner-full-control.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";

/** GetObjectAcl, of any version. */
export const getObjectAcl: Handler = async (call) => {
  const { store, bucket, key, query } = call;
  await headObject(store, { bucket, key, ...versionOf(query) });
  return { status: 200, body: ownerFullControl(call) };
};
