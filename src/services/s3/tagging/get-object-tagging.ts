import { readTags } from "../../../store/write/amend.ts";
import type { Handler } from "../handler.ts";
import { versionHeader, versionOf } from "../objects/version-id.ts";
import { taggingDocument } from "./tags.ts";

/** GetObjectTagging: an object without tags has an empty tag set. */
export const getObjectTagging: Handler = async ({ bucket, key, query, store }) => {
  const { tags, versionId } = await readTags(store, { bucket, key, ...versionOf(query) });
  return { status: 200, headers: versionHeader(versionId), body: taggingDocument(tags) };
};
