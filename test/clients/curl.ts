import { join } from "node:path";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Client, type Job, runJobs, Skip, type Stage } from "./client.ts";
import { attempt, type CommandResult, command } from "./command.ts";
import { bytesOf, sha256Of, writeContent } from "./content.ts";
import { equal, expectDigest, includes } from "./expect.ts";
import { versionOf } from "./install.ts";

/** curl of the system: presigned URLs as people paste them, and its own SigV4. */
export function curlClient(): Client {
  return {
    name: "curl",
    required: true,
    prepare: () =>
      versionOf(["curl", "--version"]).then(
        (version) => ({ ready: true, version }),
        () => ({ ready: false, why: "no curl on this machine" }),
      ),
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [
  { name: "presigned-put-get-head", run: (stage) => withBucket(stage, "curl-presigned", presigned) },
  { name: "presigned-range-and-resume", run: (stage) => withBucket(stage, "curl-range", ranges) },
  { name: "presigned-expired-and-altered", run: (stage) => withBucket(stage, "curl-altered", refusals) },
  { name: "expect-100-continue", run: (stage) => withBucket(stage, "curl-expect", expectContinue) },
  { name: "virtual-hosted", run: (stage) => withBucket(stage, "curl-virtual", virtualHosted) },
  { name: "aws-sigv4", run: ownSignature },
];

interface Bucket {
  readonly s3: S3Client;
  readonly name: string;
  readonly stage: Stage;
}

async function withBucket(stage: Stage, name: string, work: (bucket: Bucket) => Promise<void>): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = stage;
  const s3 = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  try {
    await work({ s3, name, stage });
  } finally {
    await s3.send(new DeleteObjectCommand({ Bucket: name, Key: KEY }));
    await s3.send(new DeleteBucketCommand({ Bucket: name }));
    s3.destroy();
  }
}

const KEY = "shared/é file+1.bin";

function curl(...args: string[]): Promise<CommandResult> {
  return command(["curl", "-sS", "--max-time", "60", ...args]);
}

/** Status and text of a request that may be refused. */
async function ask(...args: string[]): Promise<{ status: number; text: string }> {
  const text = (await curl("-w", "\n%{http_code}", ...args)).stdout.toString();
  const cut = text.lastIndexOf("\n");
  return { status: Number(text.slice(cut + 1)), text: text.slice(0, cut) };
}

async function refused(status: number, code: string, ...args: string[]): Promise<void> {
  const answer = await ask(...args);
  equal(answer.status, status, `status, with ${answer.text}`);
  includes(answer.text, `<Code>${code}</Code>`, "body of the refusal");
}

async function presigned({ s3, name: Bucket, stage }: Bucket): Promise<void> {
  const target = { Bucket, Key: KEY };
  for (const sizeBytes of [0, 2000, 9_000_000]) {
    const file = join(stage.folder, "put");
    const digest = await writeContent(file, `curl ${sizeBytes}`, sizeBytes);
    const put = await getSignedUrl(s3, new PutObjectCommand(target), { expiresIn: 300 });
    equal(await ask("-T", file, put), { status: 200, text: "" }, "PUT");
    const get = await getSignedUrl(s3, new GetObjectCommand(target), { expiresIn: 300 });
    await curl("--fail", "-o", join(stage.folder, "get"), get);
    await expectDigest(join(stage.folder, "get"), digest, `${sizeBytes} bytes`);
    const head = await curl("--fail", "-I", await getSignedUrl(s3, new HeadObjectCommand(target), { expiresIn: 300 }));
    includes(head.stdout.toString().toLowerCase(), `content-length: ${sizeBytes}\r\n`, "HEAD");
  }
}

async function ranges({ s3, name: Bucket, stage }: Bucket): Promise<void> {
  const bytes = bytesOf("curl range", 3_000_000);
  await s3.send(new PutObjectCommand({ Bucket, Key: KEY, Body: bytes }));
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: KEY }), { expiresIn: 300 });
  const got = await curl("--fail", "-r", "1000000-1999999", url);
  equal(sha256Of(got.stdout), sha256Of(bytes.subarray(1_000_000, 2_000_000)), "a range");
  const file = join(stage.folder, "resumed");
  await curl("--fail", "-r", "0-1234566", "-o", file, url);
  await curl("--fail", "-C", "-", "-o", file, url);
  await expectDigest(file, sha256Of(bytes), "a download that was resumed");
  await refused(416, "InvalidRange", "-r", "3000000-", url);
  const both = await curl("--compressed", "--fail", url);
  equal(sha256Of(both.stdout), sha256Of(bytes), "with --compressed");
}

async function refusals({ s3, name: Bucket }: Bucket): Promise<void> {
  const target = { Bucket, Key: KEY };
  await s3.send(new PutObjectCommand({ ...target, Body: "x" }));
  const url = await getSignedUrl(s3, new GetObjectCommand(target), { expiresIn: 300 });
  await refused(403, "SignatureDoesNotMatch", url.replace("file%2B1", "file%2B2"));
  await refused(403, "SignatureDoesNotMatch", url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"));
  await refused(403, "SignatureDoesNotMatch", "-X", "DELETE", url);
  await refused(403, "SignatureDoesNotMatch", "-T", "/dev/null", url);
  await refused(403, "AccessDenied", url.slice(0, url.indexOf("?")));
  const old = await getSignedUrl(s3, new GetObjectCommand(target), {
    expiresIn: 60,
    signingDate: new Date(Date.now() - 120_000),
  });
  await refused(403, "AccessDenied", old);
  equal((await ask("-I", old)).status, 403, "HEAD with an expired URL");
}

async function expectContinue({ s3, name: Bucket, stage }: Bucket): Promise<void> {
  const file = join(stage.folder, "expect");
  const digest = await writeContent(file, "expect", 2_000_000);
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: KEY }), { expiresIn: 300 });
  equal(
    (await ask("-H", "Expect: 100-continue", "--expect100-timeout", "20", "-T", file, put)).status,
    200,
    "PUT that waits for 100 Continue",
  );
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: KEY }), { expiresIn: 300 });
  equal(sha256Of((await curl(get)).stdout), digest, "body");
}

async function virtualHosted({ s3, name: Bucket, stage }: Bucket): Promise<void> {
  const { port } = new URL(stage.endpoint);
  const { region, accessKeyId, secretAccessKey } = stage;
  await s3.send(new PutObjectCommand({ Bucket, Key: KEY, Body: "by its own host" }));
  const virtual = new S3Client({
    endpoint: `http://localhost:${port}`,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
  const url = await getSignedUrl(virtual, new GetObjectCommand({ Bucket, Key: KEY }), { expiresIn: 300 });
  includes(url, `http://${Bucket}.localhost:${port}/`, "a virtual-hosted URL");
  const got = await curl("--resolve", `${Bucket}.localhost:${port}:127.0.0.1`, url);
  equal(got.stdout.toString(), "by its own host", "body");
}

async function ownSignature(stage: Stage): Promise<void> {
  // Before 8.x curl leaves out the header that S3 requires; when it is given, every version signs it and what it says.
  const signed = [
    ...["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"],
    "--aws-sigv4",
    `aws:amz:${stage.region}:s3`,
    "--user",
    `${stage.accessKeyId}:${stage.secretAccessKey}`,
  ];
  if ((await attempt(["curl", ...signed, "--version"])).code !== 0)
    throw new Skip("this curl does not know --aws-sigv4");
  const url = `${stage.endpoint}/curl-sigv4`;
  equal((await ask(...signed, "-X", "PUT", url)).status, 200, "create a bucket");
  const file = join(stage.folder, "sigv4");
  const digest = await writeContent(file, "sigv4", 100_000);
  equal((await ask(...signed, "-T", file, `${url}/object.bin`)).status, 200, "PUT");
  equal(sha256Of((await curl(...signed, `${url}/object.bin`)).stdout), digest, "GET");
  includes((await ask(...signed, `${url}?list-type=2&prefix=obj`)).text, "<Key>object.bin</Key>", "list");
  equal((await ask(...signed, "-X", "DELETE", `${url}/object.bin`)).status, 204, "DELETE");
  await refused(404, "NoSuchKey", ...signed, `${url}/object.bin`);
  equal((await ask(...signed, "-X", "DELETE", url)).status, 204, "delete the bucket");
}
