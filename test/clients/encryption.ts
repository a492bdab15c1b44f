import { createHash } from "node:crypto";
import { PutBucketEncryptionCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Stage } from "./client.ts";
import { bytesOf } from "./content.ts";
import { bucketName, makeBucket } from "./stored.ts";

/** A client's own key (SSE-C), in the forms in which clients want it. */
export function customerKey(seed: string) {
  const bytes = Buffer.from(bytesOf(seed, 32));
  return { bytes, base64: bytes.toString("base64"), md5: createHash("md5").update(bytes).digest("base64") };
}

/** A new bucket that takes clients' keys, which new buckets do not. */
export async function customerKeyBucket(stage: Stage, purpose: string): Promise<{ s3: S3Client; bucket: string }> {
  const bucket = bucketName(purpose);
  const s3 = await makeBucket(stage, bucket);
  const rule = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const },
    BlockedEncryptionTypes: { EncryptionType: ["NONE" as const] },
  };
  const configuration = { Bucket: bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } };
  await s3.send(new PutBucketEncryptionCommand(configuration));
  return { s3, bucket };
}
