import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { S3Error } from "../errors/error.ts";
import { settingsOf } from "../gate/settings.ts";
import type { Handler } from "../handler.ts";

/** GetBucketPolicyStatus: whether the policy is public. */
export const getBucketPolicyStatus: Handler = async ({ store, bucket }) => {
  const settings = settingsOf(await headBucket(store, bucket));
  if (settings.policy === undefined) throw new S3Error("NoSuchBucketPolicy", undefined, { BucketName: bucket });
  return { status: 200, body: xmlDocument("PolicyStatus", element("IsPublic", settings.isPublic())) };
};
