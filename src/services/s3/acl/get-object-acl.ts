import { headObject } from "../../../store/read/objects.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { ownerFullControl } from "./owner-full-control.ts";

/** GetObjectAcl, of any version. */
export const getObjectAcl: Handler = async (call) => {
  const { store, bucket, key, query } = call;
  await headObject(store, { bucket, key, ...versionOf(query) });
  return { status: 200, body: ownerFullControl(call) };
};
