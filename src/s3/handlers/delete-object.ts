import { deleteObject as removeObject } from "../../store/delete.ts";
import type { Handler } from "../handler.ts";
import { refuseOtherVersions } from "../objects/version-id.ts";

/** DeleteObject. A key that does not exist is as good as deleted. Conditions are refused before this is called. */
export const deleteObject: Handler = async ({ bucket, key, query, store }) => {
  refuseOtherVersions(query.get("versionId"), key);
  await removeObject(store, { bucket, key });
  return { status: 204 };
};
