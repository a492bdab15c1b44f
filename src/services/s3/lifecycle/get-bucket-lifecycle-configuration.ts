import { lifecycleDocument } from "../../../lifecycle/document.ts";
import { readLifecycleOf } from "../../../store/buckets/lifecycle.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { MINIMUM_SIZE_HEADER } from "./put-bucket-lifecycle-configuration.ts";

/** GetBucketLifecycleConfiguration. */
export const getBucketLifecycleConfiguration: Handler = async ({ store, bucket }) => {
  const configuration = await readLifecycleOf(store, bucket);
  if (configuration === null) {
    throw new S3Error("NoSuchLifecycleConfiguration", undefined, { BucketName: bucket });
  }
  return {
    status: 200,
    headers: { [MINIMUM_SIZE_HEADER]: configuration.minimumSize },
    body: lifecycleDocument(configuration),
  };
};
