import { deleteTags } from "../../../store/write/amend.ts";
import type { Handler } from "../handler.ts";
import { versionHeader, versionOf } from "../objects/version-id.ts";

/** DeleteObjectTagging: removes all tags of a version. */
export const deleteObjectTagging: Handler = async ({ bucket, key, query, store }) => {
  const { versionId } = await deleteTags(store, { bucket, key, ...versionOf(query) });
  return { status: 204, headers: versionHeader(versionId) };
};
