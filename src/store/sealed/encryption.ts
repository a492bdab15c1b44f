import type { EncryptionContext } from "../../sealing/data-keys.ts";
import type { Bucket } from "../types.ts";

/** A client's own key from a request (SSE-C). It is never stored. */
export interface CustomerKey {
  /** 32 bytes. */
  readonly bytes: Uint8Array;
  /** Base64. */
  readonly md5: string;
}

export interface KmsRequest {
  readonly form: "aws:kms" | "aws:kms:dsse";
  /** Null: the account's `aws/s3` key. */
  readonly keyId: string | null;
  /** The client's addition to it. */
  readonly context: EncryptionContext;
  /** Null: the setting of the bucket's configuration. */
  readonly bucketKey: boolean | null;
}

/** The encryption that a request asks for. */
export type EncryptionRequest =
  | { readonly form: "AES256" }
  | KmsRequest
  | { readonly form: "SSE-C"; readonly key: CustomerKey };

/** The encryption context of a data key: the client's addition, and the place of the object. */
export function kmsContext(
  { context }: Pick<KmsRequest, "context">,
  { bucket, key, bucketKey }: { bucket: Pick<Bucket, "name">; key: string; bucketKey: boolean },
): EncryptionContext {
  const arn = `arn:aws:s3:::${bucket.name}`;
  return { ...context, "aws:s3:arn": bucketKey ? arn : `${arn}/${key}` };
}
