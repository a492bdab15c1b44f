import { readBucketTags } from "../../../store/buckets/bucket-tags.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { taggingDocument } from "./tags.ts";

/** GetBucketTagging: a bucket without tags has no tag set. */
export const getBucketTagging: Handler = async ({ bucket, store }) => {
  const tags = await readBucketTags(store, bucket);
  if (tags === null) throw new S3Error("NoSuchTagSet", undefined, { BucketName: bucket });
  return { status: 200, body: taggingDocument(tags) };
};
