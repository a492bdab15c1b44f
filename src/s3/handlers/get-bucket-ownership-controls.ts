import { readBucketConfiguration } from "../../store/bucket-configuration.ts";
import { S3Error } from "../error.ts";
import type { Handler } from "../handler.ts";
import { element, xmlDocument } from "../xml/write.ts";

/** GetBucketOwnershipControls: what every bucket has from the start, unless it was taken away. */
export const getBucketOwnershipControls: Handler = async ({ store, bucket }) => {
  const removed = await readBucketConfiguration(store, bucket, "ownershipControlsRemoved");
  if (removed) throw new S3Error("OwnershipControlsNotFoundError", undefined, { BucketName: bucket });
  const rule = element("Rule", element("ObjectOwnership", "BucketOwnerEnforced"));
  return { status: 200, body: xmlDocument("OwnershipControls", rule) };
};
