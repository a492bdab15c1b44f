import { changeBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { BUCKET_ENCRYPTION_SHAPE, parseBucketEncryption } from "./bucket-encryption.ts";

/** PutBucketEncryption: the encryption of objects that are written from then on. */
export const putBucketEncryption: Handler = async (call) => {
  const document = await readDocument(call, "ServerSideEncryptionConfiguration", BUCKET_ENCRYPTION_SHAPE);
  await changeBucketAccess(call.store, call.bucket, ({ access }) => {
    const value = parseBucketEncryption(document, access?.encryption ?? {});
    if (value.rule?.form === "AES256" && call.store.sealing.sealer === null) {
      throw new S3Error("NotImplemented", "Encryption needs a root key, and none is configured.");
    }
    return { part: "encryption", value };
  });
  return { status: 200 };
};
