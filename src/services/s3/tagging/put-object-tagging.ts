import { putTags } from "../../../store/write/amend.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { versionHeader, versionOf } from "../objects/version-id.ts";
import { OBJECT_TAGS, parseTagging, TAGGING_SHAPE } from "./tags.ts";

/** PutObjectTagging: replaces all tags of the version. */
export const putObjectTagging: Handler = async (call) => {
  const { bucket, key, query, store } = call;
  const version = versionOf(query);
  const tags = parseTagging(await readDocument(call, "Tagging", TAGGING_SHAPE), OBJECT_TAGS);
  call.gate.body.tags = tags;
  const { versionId } = await putTags(store, { bucket, key, ...version }, tags);
  return { status: 200, headers: versionHeader(versionId) };
};
