import { writeFile } from "node:fs/promises";
import type { Aws, Make } from "./aws.ts";
import type { Job } from "./client.ts";
import { writeContent } from "./content.ts";
import { customerKey, customerKeyBucket } from "./encryption.ts";
import { equal, expectDigest } from "./expect.ts";

const MB = 1_000_000;

/** Encryption by the AWS CLI's own options. */
export function awsEncryptionJobs(make: Make): Job[] {
  return [
    { name: "sse-and-sse-kms-key-id", run: (stage) => serverKeys(make(stage)) },
    { name: "sse-c-and-copy-source", run: (stage) => clientKeys(make(stage)) },
    { name: "lock-file-with-aes256", run: (stage) => lockFile(make(stage)) },
  ];
}

/** `--sse` and `--sse-kms-key-id` of `cp`, small and in parts. */
async function serverKeys(aws: Aws): Promise<void> {
  await aws.withBucket("aws-encrypted", async (url) => {
    const made = JSON.parse(await aws.text("kms", "create-key")) as { KeyMetadata: { Arn: string } };
    const arn = made.KeyMetadata.Arn;
    for (const sizeBytes of [0, 10_000, 20 * MB]) {
      const digest = await writeContent(aws.file("plain"), `${sizeBytes}`, sizeBytes);
      for (const [key, options, form] of [
        ["aes", ["--sse"], ["AES256", undefined]],
        ["kms", ["--sse", "aws:kms", "--sse-kms-key-id", arn], ["aws:kms", arn]],
      ] as const) {
        await aws.run(["s3", "cp", aws.file("plain"), `${url}/${key}`, ...options]);
        const head = await aws.api("head-object", "--bucket", "aws-encrypted", "--key", key);
        equal([head.ServerSideEncryption, head.SSEKMSKeyId], form, `${sizeBytes} bytes with ${options.join(" ")}`);
        await aws.run(["s3", "cp", `${url}/${key}`, aws.file("back")]);
        await expectDigest(aws.file("back"), digest, key);
      }
    }
    await aws.run(["s3", "cp", `${url}/kms`, `${url}/copy`, "--sse", "AES256"]);
    const copy = await aws.api("head-object", "--bucket", "aws-encrypted", "--key", "copy");
    equal(copy.ServerSideEncryption, "AES256", "a copy under another form");
  });
}

/** `--sse-c` with `--sse-c-key`, and `--sse-c-copy-source` for copies, small and in parts. */
async function clientKeys(aws: Aws): Promise<void> {
  const { s3, bucket } = await customerKeyBucket(aws.stage, "aws-sse-c");
  s3.destroy();
  const url = `s3://${bucket}`;
  const [one, other] = ["one", "other"].map((seed) => customerKey(seed));
  if (!one || !other) throw new Error("two keys");
  const [file, otherFile] = [aws.file("key"), aws.file("other-key")];
  await writeFile(file, one.bytes);
  await writeFile(otherFile, other.bytes);
  const key = ["--sse-c", "AES256", "--sse-c-key", `fileb://${file}`];
  const otherKey = ["--sse-c", "AES256", "--sse-c-key", `fileb://${otherFile}`];
  for (const sizeBytes of [1_000, 20 * MB]) {
    const digest = await writeContent(aws.file("plain"), `c ${sizeBytes}`, sizeBytes);
    await aws.run(["s3", "cp", aws.file("plain"), `${url}/mine`, ...key]);
    await aws.run(["s3", "cp", `${url}/mine`, aws.file("back"), ...key]);
    await expectDigest(aws.file("back"), digest, "what was encrypted with the client's key");
    for (const wrong of [[], otherKey]) {
      const { code } = await aws.attempt(["s3", "cp", `${url}/mine`, aws.file("back"), ...wrong]);
      equal(code === 0, false, `read with ${wrong.length === 0 ? "no key" : "another key"}`);
    }
    const source = ["--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", `fileb://${file}`];
    await aws.run(["s3", "cp", `${url}/mine`, `${url}/copy`, ...source, ...otherKey]);
    await aws.run(["s3", "cp", `${url}/copy`, aws.file("back"), ...otherKey]);
    await expectDigest(aws.file("back"), digest, "a copy under another key");
  }
}

/** A lock as Terraform's S3 backend takes one with `encrypt = true`: made only if there is none, always with AES256. */
async function lockFile(aws: Aws): Promise<void> {
  const bucket = "aws-lock-file";
  await aws.withBucket(bucket, async () => {
    const at = ["--bucket", bucket, "--key", "state.tflock"];
    const take = ["put-object", ...at, "--if-none-match", "*", "--server-side-encryption", "AES256"];
    const digest = await writeContent(aws.file("lock"), "lock", 300);
    const body = ["--body", aws.file("lock"), "--content-type", "application/json"];
    equal((await aws.api(...take, ...body)).ServerSideEncryption, "AES256", "the lock");
    await aws.refused("PreconditionFailed", ...take, ...body);
    await aws.api("get-object", ...at, aws.file("found"));
    await expectDigest(aws.file("found"), digest, "the lock of the other");
    await aws.api("delete-object", ...at);
    equal((await aws.api(...take, ...body)).ServerSideEncryption, "AES256", "the lock, taken again");
  });
}
