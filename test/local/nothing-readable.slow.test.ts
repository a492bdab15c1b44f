import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectAnnotationCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../support/server.ts";
import { signRequest } from "../support/signer.ts";

// A store full of known plain text, as `npm start` keeps it: nothing of it is in a file of a drive or of the metadata.

const Bucket = "known";
/** So that a part of any block holds it. Three divides its length, so that base64 repeats as well. */
const wordOf = (kind: string) => `[known plain text, ${kind.padEnd(16, "-")}]`.padEnd(39, "!");
const textOf = (kind: string, bytes: number) =>
  wordOf(kind)
    .repeat(Math.ceil(bytes / 39))
    .slice(0, bytes);

const KINDS = {
  packed: 3_000,
  inline: 4_000,
  copies: 100_000,
  large: 5_000_000,
  part: 5 * 1024 * 1024,
  unfinished: 5 * 1024 * 1024,
  annotation: 2_000,
  "large annotation": 500_000,
  kms: 200_000,
  "customer key": 200_000,
  message: 1_000,
} as const;
type Kind = keyof typeof KINDS;
const KEY_NAME = "a/name-that-a-provider-must-not-read";

let dataDir: string;
let server: TestServer | null = null;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(async () => {
  await server?.kill();
});
afterAll(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));

async function start(name: string, more: Record<string, string>): Promise<TestServer> {
  const env = { SHERD_PACK_AGE_SECONDS: "0", SHERD_SNAPSHOT_SECONDS: "1", SHERD_BLOCK_SSE_C: "false", ...more };
  server = await startServer({ dataDir: join(dataDir, name), args: ["--quiet"], env });
  return server;
}

const options = ({ endpoint, accessKeyId, secretAccessKey }: TestServer) => ({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId, secretAccessKey },
});

async function runJobs({ endpoint, accessKeyId, secretAccessKey }: TestServer) {
  const key = Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64");
  const headers = { authorization: `Basic ${key}`, "x-sherd-confirm": "run" };
  return (await (await fetch(`${endpoint}/-/run`, { method: "POST", headers })).json()) as Record<string, object>;
}

/** One of each kind; `isSealed`: KMS and customer keys as well. */
async function fill(running: TestServer, isSealed: boolean): Promise<void> {
  const s3 = new S3Client({ ...options(running), forcePathStyle: true });
  const put = (kind: Kind, more: Partial<PutObjectCommandInput> = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key: kind, Body: textOf(kind, KINDS[kind]), ...more }));
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (let n = 0; n < 40; n++) await put("packed", { Key: `${KEY_NAME}/${n}` });
  expect((await runJobs(running)).pack).toMatchObject({ packedObjects: 40 });
  for (const kind of ["inline", "copies", "large"] as const) await put(kind);
  for (const kind of ["part", "unfinished"] as const) await upload(s3, kind);
  for (const kind of ["annotation", "large annotation"] as const) {
    const annotation = { AnnotationName: kind.replace(" ", "-"), AnnotationPayload: textOf(kind, KINDS[kind]) };
    await s3.send(new PutObjectAnnotationCommand({ Bucket, Key: "large", ...annotation }));
  }
  if (isSealed) {
    await put("kms", { ServerSideEncryption: "aws:kms" });
    await put("customer key", { SSECustomerAlgorithm: "AES256", SSECustomerKey: "known-customer-key-of-32-bytes!!" });
  }
  await askQueues(running, { Action: "CreateQueue", QueueName: "known" });
  const to = { QueueUrl: `${running.endpoint}/100000000001/known` };
  await askQueues(running, { Action: "SendMessage", ...to, MessageBody: textOf("message", KINDS.message) });
  expect((await runJobs(running)).snapshot).toMatchObject({ snapshots: 1 });
  s3.destroy();
}

async function askQueues({ endpoint, ...keys }: TestServer, form: Record<string, string>): Promise<void> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const key = { accessKeyId: keys.accessKeyId, secret: keys.secretAccessKey, service: "sqs" };
  const body = `${new URLSearchParams({ ...form, Version: "2012-11-05" })}`;
  const signed = signRequest({ method: "POST", url: `${endpoint}/`, headers, body, ...key, nowMs: Date.now() });
  const answer = await fetch(signed.url, {
    method: "POST",
    headers: signed.headers,
    body: new Uint8Array(signed.body),
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("Result>")]);
}

async function upload(s3: S3Client, kind: "part" | "unfinished"): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: kind }));
  const name = { Bucket, Key: kind, UploadId };
  const Parts = [];
  for (const PartNumber of [1, 2]) {
    const part = { ...name, PartNumber, Body: textOf(kind, KINDS[kind]) };
    Parts.push({ PartNumber, ETag: (await s3.send(new UploadPartCommand(part))).ETag });
  }
  if (kind === "part") await s3.send(new CompleteMultipartUploadCommand({ ...name, MultipartUpload: { Parts } }));
}

/** As text, as hexadecimal digits, and as base64 at each of its three offsets. */
function spellings(word: string): Buffer[] {
  const base64 = [0, 1, 2].map((offset) => {
    const shifted = Buffer.from("\0".repeat(offset) + word).toString("base64");
    return shifted.slice(offset === 0 ? 0 : 4, -4);
  });
  const hex = Buffer.from(word).toString("hex");
  return [
    word,
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ].map((text) => Buffer.from(text));
}

/** Paths below the folder of all files that hold the word in some spelling. */
async function filesWith(folder: string, words: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>(words.map((word) => [word, []]));
  const searched = words.map((word) => ({ word, texts: spellings(word) }));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    for (const { word, texts } of searched) {
      if (texts.some((text) => bytes.includes(text))) found.get(word)?.push(path.slice(folder.length + 1));
    }
  }
  return found;
}

/** Without its last bytes, since a block may begin or end in the middle of it. */
const needle = (kind: Kind) => wordOf(kind).slice(0, 36);
const isMetadata = (path: string) => path.startsWith("metadata/");

describe("of a store full of known plain text", () => {
  test("all is found where nothing is encrypted, so that the search would find it", async () => {
    const running = await start("plain", { SHERD_ENCRYPTION: "off" });
    await fill(running, false);
    const found = await filesWith(running.dataDir, (Object.keys(KINDS) as Kind[]).map(needle));
    const where = (kind: Kind) => found.get(needle(kind)) ?? [];
    for (const kind of ["inline", "annotation"] as const)
      expect([kind, where(kind).some(isMetadata)]).toEqual([kind, true]);
    for (const kind of ["packed", "copies", "large", "part", "unfinished", "large annotation"] as const) {
      expect([kind, where(kind).some((path) => path.startsWith("drives/"))]).toEqual([kind, true]);
    }
  }, 120_000);

  test("no file has any of it, in use or at rest, and no key is anywhere but in its own file", async () => {
    const running = await start("sealed", {});
    await fill(running, true);
    const rootKey = (await readFile(join(running.dataDir, "root-keys"), "utf8")).trim();
    const words = [...(Object.keys(KINDS) as Kind[]).map(needle), "known-customer-key-of-32-bytes!!"];
    const search = async () => {
      const found = await filesWith(running.dataDir, [...words, rootKey, KEY_NAME]);
      for (const word of words) expect([word, found.get(word)]).toEqual([word, []]);
      expect(found.get(rootKey)).toEqual(["root-keys"]);
      // Names are readable in D1, and nowhere else.
      const named = found.get(KEY_NAME) ?? [];
      expect(named.some(isMetadata)).toBe(true);
      expect(named.filter((path) => !isMetadata(path))).toEqual([]);
    };
    const files = await readdir(running.dataDir, { recursive: true });
    expect(files.some((path) => path.endsWith(".sqlite-wal"))).toBe(true);
    expect(files.some((path) => /00SNAPSHOT-/.test(path))).toBe(true);
    await search();
    expect(running.output()).not.toContain(rootKey);
    await running.stop();
    await search();
  }, 120_000);
});
