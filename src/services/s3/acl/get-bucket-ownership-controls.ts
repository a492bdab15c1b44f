import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { readBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/** GetBucketOwnershipControls: what every bucket has from the start, unless it was taken away. */
export const getBucketOwnershipControls: Handler = async ({ store, bucket }) => {
  const removed = await readBucketConfiguration(store, bucket, "ownershipControlsRemoved");
  if (removed) throw new S3Error("OwnershipControlsNotFoundError", undefined, { BucketName: bucket });
  const rule = element("Rule", element("ObjectOwnership", "BucketOwnerEnforced"));
  return { status: 200, body: xmlDocument("OwnershipControls", rule) };
};
