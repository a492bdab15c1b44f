import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { Job, Stage } from "./client.ts";
import { bytesOf, sha256Of } from "./content.ts";
import { customerKey, customerKeyBucket } from "./encryption.ts";
import { equal } from "./expect.ts";

const MIB = 1024 * 1024;

/** All three forms of encryption by the SDK for JavaScript. */
export const ENCRYPTION_JOBS: readonly Job[] = [
  { name: "sse-s3-kms-and-c", run: allForms },
  { name: "sse-c-copies", run: customerCopies },
  { name: "always-aes256", run: alwaysAes256 },
];

type Encryption = Pick<PutObjectCommandInput, "ServerSideEncryption" | "BucketKeyEnabled">;
interface CustomerKey {
  SSECustomerAlgorithm: "AES256";
  SSECustomerKey: string;
  SSECustomerKeyMD5: string;
}

const FORMS: readonly { form: string; write: Encryption; key?: CustomerKey }[] = [
  { form: "AES256", write: { ServerSideEncryption: "AES256" } },
  { form: "aws:kms", write: { ServerSideEncryption: "aws:kms", BucketKeyEnabled: true } },
  { form: "aws:kms:dsse", write: { ServerSideEncryption: "aws:kms:dsse" } },
  { form: "SSE-C", write: {}, key: sseC("one") },
];

function sseC(seed: string): CustomerKey {
  const { base64, md5 } = customerKey(seed);
  return { SSECustomerAlgorithm: "AES256", SSECustomerKey: base64, SSECustomerKeyMD5: md5 };
}

async function expectBody(
  s3: S3Client,
  name: { Bucket: string; Key: string },
  key: CustomerKey | undefined,
  body: Uint8Array,
) {
  const got = await s3.send(new GetObjectCommand({ ...name, ...key }));
  equal(sha256Of((await got.Body?.transformToByteArray()) ?? new Uint8Array()), sha256Of(body), name.Key);
  if (body.length < 10) return;
  const range = await s3.send(new GetObjectCommand({ ...name, ...key, Range: "bytes=3-7" }));
  equal(await range.Body?.transformToByteArray(), new Uint8Array(body.subarray(3, 8)), `a range of ${name.Key}`);
}

/** Small, large and in parts. */
async function allForms(stage: Stage): Promise<void> {
  const { s3, bucket: Bucket } = await customerKeyBucket(stage, "js-encrypted");
  for (const { form, write, key } of FORMS) {
    for (const sizeBytes of [0, 1_000, 3 * MIB]) {
      const name = { Bucket, Key: `${form} ${sizeBytes}` };
      const Body = bytesOf(name.Key, sizeBytes);
      await s3.send(new PutObjectCommand({ ...name, ...write, ...key, Body }));
      await expectBody(s3, name, key, Body);
    }
    const name = { Bucket, Key: `${form} parts` };
    const Body = bytesOf(name.Key, 11 * MIB);
    await new Upload({ client: s3, params: { ...name, ...write, ...key, Body }, partSize: 5 * MIB }).done();
    await expectBody(s3, name, key, Body);
    const head = await s3.send(new HeadObjectCommand({ ...name, ...key }));
    equal(head.ServerSideEncryption ?? (head.SSECustomerAlgorithm && "SSE-C"), form, "the form in the head");
    const status = (error: { $metadata: { httpStatusCode?: number } }) => error.$metadata.httpStatusCode;
    if (key) equal(await s3.send(new HeadObjectCommand(name)).catch(status), 400, "a head without the key");
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: "copy",
        CopySource: `${Bucket}/${encodeURIComponent(name.Key)}`,
        ...copyKey(key),
      }),
    );
    await expectBody(s3, { Bucket, Key: "copy" }, undefined, Body);
  }
  s3.destroy();
}

function copyKey(key: CustomerKey | undefined) {
  return (
    key && {
      CopySourceSSECustomerAlgorithm: key.SSECustomerAlgorithm,
      CopySourceSSECustomerKey: key.SSECustomerKey,
      CopySourceSSECustomerKeyMD5: key.SSECustomerKeyMD5,
    }
  );
}

/** From one client's key to another's, whole and as a part. */
async function customerCopies(stage: Stage): Promise<void> {
  const { s3, bucket: Bucket } = await customerKeyBucket(stage, "js-sse-c");
  const [one, other] = [sseC("one"), sseC("other")];
  const Body = bytesOf("copied", 6 * MIB);
  await s3.send(new PutObjectCommand({ Bucket, Key: "one", Body, ...one }));
  const source = { CopySource: `${Bucket}/one`, ...copyKey(one) };
  await s3.send(new CopyObjectCommand({ Bucket, Key: "other", ...source, ...other }));
  await expectBody(s3, { Bucket, Key: "other" }, other, Body);
  const target = { Bucket, Key: "parts", ...other };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const part = { ...target, UploadId, PartNumber: 1, CopySourceRange: `bytes=0-${Body.length - 1}` };
  const { CopyPartResult } = await s3.send(new UploadPartCopyCommand({ ...part, ...source }));
  const parts = { Parts: [{ PartNumber: 1, ETag: CopyPartResult?.ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: parts }));
  await expectBody(s3, { Bucket, Key: "parts" }, other, Body);
  s3.destroy();
}

/** As Hadoop and Spring with a company's policy: AES256 on every write there is, whatever the bucket says. */
async function alwaysAes256(stage: Stage): Promise<void> {
  const { s3, bucket: Bucket } = await customerKeyBucket(stage, "js-always");
  const sse = { ServerSideEncryption: "AES256" } as const;
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: "folder/", Body: "", ...sse }));
  equal(put.ServerSideEncryption, "AES256", "a folder's marker");
  const Body = bytesOf("always", 11 * MIB);
  await new Upload({
    client: s3,
    params: { Bucket, Key: "folder/_temporary/part", Body, ...sse },
    partSize: 5 * MIB,
  }).done();
  const rename = { Bucket, Key: "folder/part", CopySource: `${Bucket}/folder/_temporary/part`, ...sse };
  equal((await s3.send(new CopyObjectCommand(rename))).ServerSideEncryption, "AES256", "a rename by copy");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "folder/_temporary/part" }));
  await expectBody(s3, { Bucket, Key: "folder/part" }, undefined, Body);
  s3.destroy();
}
