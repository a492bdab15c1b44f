import { ALL_BLOCKED } from "../../../auth/public-acls.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { publicAccessDocument } from "./public-access-block.ts";

/** GetPublicAccessBlock of a bucket, without its account's settings. */
export const getPublicAccessBlock: Handler = async ({ store, bucket }) => {
  const { access } = await headBucket(store, bucket);
  const block = access?.block ?? ALL_BLOCKED;
  if (block === "none") {
    throw new S3Error("NoSuchPublicAccessBlockConfiguration", undefined, { BucketName: bucket });
  }
  return { status: 200, body: publicAccessDocument(block) };
};
