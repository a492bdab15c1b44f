import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { attempt, type CommandResult, cleanEnvironment, command } from "./command.ts";
import { bytesOf, sha256Of, writeContent } from "./content.ts";
import { equal, includes } from "./expect.ts";
import { installSystem } from "./install.ts";
import { bucketName, makeBucket } from "./stored.ts";

/** The program `s3` of libs3: it writes a space in a key as `+` in the path, and signs absent headers as empty ones. */
export function libs3Client(): Client {
  return {
    name: "libs3",
    required: false,
    async prepare() {
      const here = await attempt(["s3", "help"]).catch(() => undefined);
      const installed = here === undefined ? await installSystem("libs3-2") : { ok: true as const };
      if (!installed.ok) return { ready: false, why: installed.why };
      const version = await attempt(["dpkg-query", "-W", "libs3-2"]).catch(() => undefined);
      return { ready: true, version: version?.stdout.toString().trim().replace("\t", " ") ?? "" };
    },
    run: runJobs([
      { name: "buckets-and-objects", run: objects },
      { name: "keys-of-another-client", run: keysOfAnother },
      { name: "a-file-in-parts", run: parts },
    ] satisfies Job[]),
  };
}

interface Libs3 {
  run(...args: string[]): Promise<string>;
  /** What it reads, by standard output: into a file that exists it writes without cutting off the old end. */
  get(target: string, ...args: string[]): Promise<Buffer>;
  attempt(...args: string[]): Promise<CommandResult>;
}

function libs3Of(stage: Stage): Libs3 {
  const env = {
    ...cleanEnvironment(stage),
    S3_ACCESS_KEY_ID: stage.accessKeyId,
    S3_SECRET_ACCESS_KEY: stage.secretAccessKey,
    S3_HOSTNAME: new URL(stage.endpoint).host,
  };
  const line = (args: readonly string[]) => ["s3", "-u", "-r", "0", ...args];
  return {
    run: async (...args) => (await command(line(args), { env })).stdout.toString(),
    get: async (...args) => (await command(line(["get", ...args]), { env })).stdout,
    attempt: (...args) => attempt(line(args), { env }),
  };
}

const KEYS = ["plain", "a b", "plus+plus", "a b+c d", "per%20cent", "é", "deep/er/key", "~(1)*!'"];

async function objects(stage: Stage): Promise<void> {
  const [s3, bucket] = [libs3Of(stage), bucketName("libs3")];
  await s3.run("create", bucket);
  includes(await s3.run("list"), bucket, "the list of buckets");
  const file = join(stage.folder, "file");
  for (const key of KEYS) {
    const digest = await writeContent(file, key, 5000);
    await s3.run("put", `${bucket}/${key}`, `filename=${file}`, "x-amz-meta-kind=pot", "contentType=text/x-pot");
    equal(sha256Of(await s3.get(`${bucket}/${key}`)), digest, key);
    const head = await s3.run("head", `${bucket}/${key}`);
    for (const shown of ["Content-Type: text/x-pot", "Content-Length: 5000", "x-amz-meta-kind: pot"])
      includes(head, shown, `head of ${key}`);
  }
  // It sends the name of the source as it stands, so a plus there would be a space, as at AWS.
  await s3.run("copy", `${bucket}/a b`, `${bucket}/copied +`);
  equal(sha256Of(await s3.get(`${bucket}/copied +`)), sha256Of(bytesOf("a b", 5000)), "a copy");
  includes((await s3.attempt("get", `${bucket}/none`)).stderr, "ErrorNoSuchKey", "a missing key");
  for (const key of [...KEYS, "copied +"]) await s3.run("delete", `${bucket}/${key}`);
  await s3.run("delete", bucket);
  includes(await s3.run("test", bucket), "Does Not Exist", "test of a bucket that was deleted");
}

/** Both clients mean the same key by the same name, whoever wrote it. */
async function keysOfAnother(stage: Stage): Promise<void> {
  const [s3, Bucket] = [libs3Of(stage), bucketName("libs3-keys")];
  const js = await makeBucket(stage, Bucket);
  const file = join(stage.folder, "file");
  for (const Key of KEYS) {
    await js.send(new PutObjectCommand({ Bucket, Key, Body: `by the SDK: ${Key}` }));
    equal((await s3.get(`${Bucket}/${Key}`)).toString(), `by the SDK: ${Key}`, "what libs3 reads");
    const digest = await writeContent(file, `by libs3 ${Key}`, 2000);
    await s3.run("put", `${Bucket}/${Key}`, `filename=${file}`);
    const { Body } = await js.send(new GetObjectCommand({ Bucket, Key }));
    equal(sha256Of((await Body?.transformToByteArray()) ?? new Uint8Array()), digest, `what the SDK reads of ${Key}`);
  }
  const { Contents } = await js.send(new ListObjectsV2Command({ Bucket }));
  equal(Contents?.map(({ Key }) => Key).sort(), [...KEYS].sort(), "keys");
  const listed = await s3.run("list", Bucket);
  for (const key of KEYS) includes(listed, key, "the list of libs3");
  js.destroy();
}

async function parts(stage: Stage): Promise<void> {
  const [s3, bucket] = [libs3Of(stage), bucketName("libs3-parts")];
  await s3.run("create", bucket);
  const file = join(stage.folder, "large");
  const digest = await writeContent(file, "libs3 large", 40 * 1024 * 1024 + 3);
  await s3.run("put", `${bucket}/large file`, `filename=${file}`);
  equal(sha256Of(await s3.get(`${bucket}/large file`)), digest, "a file in parts");
  includes(await s3.run("head", `${bucket}/large file`), "-", "the ETag of parts");
}
