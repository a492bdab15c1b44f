import { headBucket } from "../../../store/buckets/buckets.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { bucketEncryptionDocument } from "./bucket-encryption.ts";

const AES256 = { form: "AES256", keyId: null, bucketKey: false } as const;

/** GetBucketEncryption: the bucket's setting, or the deployment's default. */
export const getBucketEncryption: Handler = async ({ store, bucket }) => {
  const { access } = await headBucket(store, bucket);
  const { rule = store.sealing.byDefault ? AES256 : undefined, blocksCustomerKeys } = access?.encryption ?? {};
  if (!rule && blocksCustomerKeys === undefined) {
    throw new S3Error("ServerSideEncryptionConfigurationNotFoundError", undefined, { BucketName: bucket });
  }
  const blocks = blocksCustomerKeys ?? store.settings.blockCustomerKeys;
  return { status: 200, body: bucketEncryptionDocument(rule, blocks) };
};
