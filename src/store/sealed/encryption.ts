import type { EncryptionContext } from "../../sealing/data-keys.ts";
import type { Bucket } from "../types.ts";

/** A client's own key, as a request brings it (SSE-C). It is never stored. */
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
  /** What the client adds to it. */
  readonly context: EncryptionContext;
  /** Null: as the bucket's configuration says. */
  readonly bucketKey: boolean | null;
}

/** How a request wants an object to be encrypted. */
export type EncryptionRequest =
  | { readonly form: "AES256" }
  | KmsRequest
  | { readonly form: "SSE-C"; readonly key: CustomerKey };

/** The context that a data key is made with: what the client adds, and what it is for. */
export function kmsContext(
  { context }: Pick<KmsRequest, "context">,
  { bucket, key, bucketKey }: { bucket: Pick<Bucket, "name">; key: string; bucketKey: boolean },
): EncryptionContext {
  const arn = `arn:aws:s3:::${bucket.name}`;
  return { ...context, "aws:s3:arn": bucketKey ? arn : `${arn}/${key}` };
}
