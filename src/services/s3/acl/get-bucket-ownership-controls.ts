import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/** GetBucketOwnershipControls. */
export const getBucketOwnershipControls: Handler = async ({ store, bucket }) => {
  const { access } = await headBucket(store, bucket);
  const ownership = access?.ownership ?? "BucketOwnerEnforced";
  if (ownership === "none") throw new S3Error("OwnershipControlsNotFoundError", undefined, { BucketName: bucket });
  const rule = element("Rule", element("ObjectOwnership", ownership));
  return { status: 200, body: xmlDocument("OwnershipControls", rule) };
};
