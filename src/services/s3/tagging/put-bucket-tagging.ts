import { replaceBucketTags } from "../../../store/buckets/bucket-tags.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { BUCKET_TAGS, parseTagging, TAGGING_SHAPE } from "./tags.ts";

/** PutBucketTagging: replaces all tags of the bucket; an empty set counts as none. */
export const putBucketTagging: Handler = async (call) => {
  const tags = parseTagging(await readDocument(call, "Tagging", TAGGING_SHAPE), BUCKET_TAGS);
  await replaceBucketTags(call.store, call.bucket, tags);
  return { status: 204 };
};
