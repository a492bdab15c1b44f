import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../support/server.ts";

// A real server, its commands, and a client: the metadata are lost, then two drives, and every byte comes back.

const root = join(import.meta.dirname, "../..");
const env = {
  SHERD_ACCESS_KEY_ID: "RESTORETESTKEY",
  SHERD_SECRET_ACCESS_KEY: "the-secret-of-the-restore-tests",
  SHERD_PACK_AGE_SECONDS: "0",
};
const Bucket = "kept";

let dataDir: string;
let server: TestServer | null = null;
const clients: S3Client[] = [];
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await server?.kill();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

async function start(more: Record<string, string> = {}): Promise<{ client: S3Client; endpoint: string }> {
  server = await startServer({ dataDir, args: ["--quiet"], env: { ...env, ...more } });
  const client = new S3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: env.SHERD_ACCESS_KEY_ID, secretAccessKey: env.SHERD_SECRET_ACCESS_KEY },
  });
  clients.push(client);
  return { client, endpoint: server.endpoint };
}

async function stop(): Promise<void> {
  await server?.stop();
  server = null;
}

/** Runs the jobs that are due, as cron does. */
async function runJobs(endpoint: string): Promise<Record<string, Record<string, number>>> {
  const key = Buffer.from(`${env.SHERD_ACCESS_KEY_ID}:${env.SHERD_SECRET_ACCESS_KEY}`).toString("base64");
  const headers = { authorization: `Basic ${key}`, "x-sherd-confirm": "run" };
  return (await (await fetch(`${endpoint}/-/run`, { method: "POST", headers })).json()) as never;
}

function run(script: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const { PATH = "" } = process.env;
  return new Promise((resolve) => {
    execFile(
      join(root, "node_modules/.bin/node"),
      [join(root, `local/${script}.ts`), ...args],
      { cwd: root, env: { PATH, HOME: dataDir, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr }),
    );
  });
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Digest of every version of every key, by key and version id. */
async function readEverything(client: S3Client): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  for (const { Key = "", VersionId = "" } of Versions) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    digests.set(`${Key} ${VersionId}`, digest((await Body?.transformToByteArray()) as Uint8Array));
  }
  for (const { Key, VersionId } of DeleteMarkers) digests.set(`${Key} ${VersionId}`, "marker");
  return digests;
}

async function fill(client: S3Client): Promise<{ uploadId: string }> {
  await client.send(new CreateBucketCommand({ Bucket }));
  for (let n = 0; n < 40; n++) {
    await client.send(new PutObjectCommand({ Bucket, Key: `packed/${n}`, Body: randomBytes(3_000 + n) }));
  }
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const sizes = { "three copies": 100_000, large: 5_000_000, empty: 0, "ключ/\u{1F511}": 70_000 };
  for (const [Key, size] of Object.entries(sizes)) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: randomBytes(size), Tagging: "colour=red" }));
  }
  for (const size of [10, 200_000, 3_000_000]) {
    await client.send(new PutObjectCommand({ Bucket, Key: "versions", Body: randomBytes(size) }));
  }
  await client.send(new DeleteObjectCommand({ Bucket, Key: "versions" }));
  await upload(client, "of parts", true);
  return { uploadId: await upload(client, "unfinished", false) };
}

async function upload(client: S3Client, Key: string, isCompleted: boolean): Promise<string> {
  const { UploadId = "" } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const PartNumber of [1, 2]) {
    const part = { Bucket, Key, UploadId, PartNumber, Body: randomBytes(5 * 1024 * 1024) };
    Parts.push({ PartNumber, ETag: (await client.send(new UploadPartCommand(part))).ETag });
  }
  if (isCompleted) {
    await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
  }
  return UploadId;
}

/** All shard files of a drive. */
async function shardFiles(drive: string): Promise<string[]> {
  const folder = join(dataDir, "drives", drive);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe("the metadata are lost", () => {
  let before: Map<string, string>;
  let uploadId: string;

  test("a snapshot is on the drives, and everything is right", async () => {
    // The jobs that run at the start may have taken one already, of less.
    const { client, endpoint } = await start({ SHERD_SNAPSHOT_SECONDS: "1" });
    ({ uploadId } = await fill(client));
    const jobs = await runJobs(endpoint);
    expect(jobs.pack).toMatchObject({ packedObjects: 40 });
    expect(jobs.snapshot).toMatchObject({ snapshots: 1 });
    // Written after the snapshot: their bytes stay, their rows are lost.
    await client.send(new PutObjectCommand({ Bucket, Key: "too late", Body: randomBytes(300_000) }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "too late" }));
    before = await readEverything(client);
    expect(await run("verify", "--endpoint", endpoint)).toMatchObject({ code: 0 });
    expect(await run("verify", "--data", dataDir)).toMatchObject({
      code: 1,
      output: expect.stringContaining("already running"),
    });
    await stop();
    const { code, output } = await run("verify", "--data", dataDir);
    expect(output).toContain("nothing is wrong");
    expect(code).toBe(0);
  }, 120_000);

  test("they come back from the drives, every version byte for byte", async () => {
    expect(await run("restore", "--data", dataDir)).toMatchObject({
      code: 1,
      output: expect.stringContaining("the database is not empty"),
    });
    await rm(join(dataDir, "metadata"), { recursive: true });
    const list = await run("restore", "--data", dataDir, "--list");
    expect(list.output).toMatch(/^DB: snapshot \w{26} of .*: 1 buckets, 4\d objects, 4 other versions/m);
    const restored = await run("restore", "--data", dataDir);
    expect(restored.output).toMatch(/^restored \w{26} of /m);
    expect(restored.code).toBe(0);
    const { client } = await start();
    const expected = [...before].filter(([name]) => !name.startsWith("too late"));
    expect([...(await readEverything(client))]).toEqual(expected);
    const tags = await client.send(new GetObjectTaggingCommand({ Bucket, Key: "large" }));
    expect(tags.TagSet).toEqual([{ Key: "colour", Value: "red" }]);
    const upload = { Bucket, Key: "unfinished", UploadId: uploadId };
    const { Parts = [] } = await client.send(new ListPartsCommand(upload));
    const MultipartUpload = { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) };
    const done = await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    expect(done.ETag).toMatch(/-2"$/);
    await stop();
  }, 120_000);

  test("with two drives lost as well", async () => {
    await rm(join(dataDir, "metadata"), { recursive: true });
    for (const drive of ["drive-3", "drive-6"]) for (const file of await shardFiles(drive)) await rm(file);
    expect(await run("restore", "--data", dataDir)).toMatchObject({ code: 0 });
    const { client } = await start();
    const expected = [...before].filter(([name]) => !name.startsWith("too late"));
    expect([...(await readEverything(client))]).toEqual(expected);
    await stop();
    const { output } = await run("verify", "--data", dataDir);
    // What the jobs of that start have not healed yet lacks shards on those two drives alone.
    const wrong = output.split("\n").filter((line) => /^[a-z]+-[a-z-]+: /.test(line));
    expect(wrong.filter((line) => !/^shard-absent: \w{26} shard \d on drive-[36]$/.test(line))).toEqual([]);
  }, 120_000);

  test("verify finds a flipped bit in a file", async () => {
    const [file = ""] = await shardFiles("drive-1");
    const objects = (await shardFiles("drive-1")).filter((path) => !/00(SNAPSHOT|DRIVE)-/.test(path));
    const path = objects[0] ?? file;
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] as number) ^ 1;
    await writeFile(path, bytes);
    const { code, output } = await run("verify", "--data", dataDir);
    expect(code).toBe(1);
    expect(output).toMatch(/^shard-corrupt: \w{26} shard \d on drive-1$/m);
  }, 120_000);

  test("a command line that is wrong is refused in one line", async () => {
    expect(await run("verify", "--nonsense")).toEqual({
      code: 1,
      output: expect.stringMatching(/^sherd: Unknown option '--nonsense' \(--help lists the options\)\n$/),
    });
    expect((await run("restore", "--data", "a", "--endpoint", "http://b")).output).toContain("not both");
    expect((await run("restore", "--help")).output).toContain("Usage: npm run restore");
  }, 60_000);
});
