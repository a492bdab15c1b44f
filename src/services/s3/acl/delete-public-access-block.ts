import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import type { Handler } from "../handler.ts";

/** DeletePublicAccessBlock. */
export const deletePublicAccessBlock: Handler = async ({ store, bucket }) => {
  await setBucketConfiguration(store, bucket, { kind: "publicAccessBlock", value: null });
  return { status: 204 };
};
