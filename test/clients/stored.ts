import { randomBytes } from "node:crypto";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { Stage } from "./client.ts";
import { bytesOf, sha256Of } from "./content.ts";
import { equal } from "./expect.ts";

/** A client without retries, and a new bucket. */
export async function makeBucket(stage: Stage, Bucket: string): Promise<S3Client> {
  const { endpoint, region, accessKeyId, secretAccessKey } = stage;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

/** A bucket name that no earlier run has left behind on a server that was given by `--endpoint`. */
export function bucketName(purpose: string): string {
  return `${purpose}-${randomBytes(4).toString("hex")}`;
}

/** Puts one object of each size and one of 12 MiB by multipart; returns the SHA-256 by key. */
export async function putAll(
  s3: S3Client,
  Bucket: string,
  sizesBytes: readonly number[],
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const sizeBytes of sizesBytes) {
    const [Key, Body] = [`size-${sizeBytes}`, bytesOf(`${Bucket} ${sizeBytes}`, sizeBytes)];
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    digests.set(Key, sha256Of(Body));
  }
  const Body = bytesOf(`${Bucket} multipart`, 12 * 1024 * 1024 + 5);
  await new Upload({ client: s3, params: { Bucket, Key: "multipart", Body }, partSize: 5 * 1024 * 1024 }).done();
  digests.set("multipart", sha256Of(Body));
  return digests;
}

/** Reads every object whole and throws unless each has its SHA-256. */
export async function checkAll(
  s3: S3Client,
  Bucket: string,
  digests: ReadonlyMap<string, string>,
  when: string,
): Promise<void> {
  for (const [Key, digest] of digests) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key })).catch((error: unknown) => {
      throw new Error(`${Key} ${when}: ${error}`);
    });
    equal(sha256Of((await Body?.transformToByteArray()) ?? new Uint8Array()), digest, `${Key} ${when}`);
  }
}
