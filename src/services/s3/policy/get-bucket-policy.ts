import { headBucket } from "../../../store/buckets/buckets.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/**
 * GetBucketPolicy: the policy as it was put, except that deleted users and roles appear by their
 * unique ids.
 */
export const getBucketPolicy: Handler = async ({ store, bucket, directory }) => {
  const { access } = await headBucket(store, bucket);
  if (access?.policy === undefined) throw new S3Error("NoSuchBucketPolicy", undefined, { BucketName: bucket });
  return {
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: await directory.showPolicy(access.policy),
  };
};
