import { putTags } from "../../store/amend.ts";
import type { Handler } from "../handler.ts";
import { readDocument } from "../objects/document.ts";
import { OBJECT_TAGS, parseTagging } from "../objects/tags.ts";
import { versionHeader, versionOf } from "../objects/version-id.ts";

/** PutObjectTagging: the tags replace all that the version had. */
export const putObjectTagging: Handler = async (call) => {
  const { bucket, key, query, store } = call;
  const version = versionOf(query);
  const tags = parseTagging(await readDocument(call, "Tagging"), OBJECT_TAGS);
  const { versionId } = await putTags(store, { bucket, key, ...version }, tags);
  return { status: 200, headers: versionHeader(versionId) };
};
