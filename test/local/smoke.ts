// `node test/local/smoke.ts npm-start | wrangler-dev`: starts the server by the very command that the README gives, puts an
// object through it and takes it back, and stops it. Exits with 1 and the server's output where anything goes wrong.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";

interface Way {
  command: string[];
  env: Record<string, string>;
  /** The key pair that the server made, once it listens. */
  credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string }>;
  /** Whether a stop by signal must end with exit code 0. */
  stopsWithZero: boolean;
}

const root = join(import.meta.dirname, "../..");
const dataDir = await mkdtemp(join(tmpdir(), "sherd-smoke-"));
const port = await freePort();

const ways: Record<string, Way> = {
  "npm-start": {
    command: ["npm", "start", "--", "--port", String(port), "--data", dataDir],
    env: {},
    credentials: async () => JSON.parse(await readFile(join(dataDir, "credentials.json"), "utf8")),
    stopsWithZero: true,
  },
  "wrangler-dev": {
    command: ["npx", "wrangler", "dev", "--ip", "127.0.0.1", "--port", String(port)],
    env: { WRANGLER_SEND_METRICS: "false" },
    credentials: async () => {
      const text = await readFile(join(root, ".dev.vars"), "utf8");
      const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
      return { accessKeyId: value("SHERD_ACCESS_KEY_ID"), secretAccessKey: value("SHERD_SECRET_ACCESS_KEY") };
    },
    // wrangler's own business.
    stopsWithZero: false,
  },
};

const way = ways[process.argv[2] ?? ""];
if (way === undefined) {
  console.error(`usage: node test/local/smoke.ts ${Object.keys(ways).join(" | ")}`);
  process.exit(2);
}
console.log(`> ${way.command.join(" ")}`);
const [program = "", ...args] = way.command;
const child = spawn(program, args, {
  cwd: root,
  env: { ...process.env, ...way.env },
  stdio: ["ignore", "pipe", "pipe"],
  detached: true, // a group of its own, so that nothing of it can be left behind
});
let output = "";
for (const stream of [child.stdout, child.stderr]) {
  stream?.on("data", (chunk) => {
    output += chunk;
  });
}
const exited = once(child, "exit");
try {
  const endpoint = `http://127.0.0.1:${port}`;
  await waitForHealth(endpoint, child);
  await roundTrip(endpoint, await way.credentials());
  const code = await stop(child, exited);
  if (way.stopsWithZero && code !== 0) throw new Error(`SIGTERM ended it with ${code}`);
  console.log(`${process.argv[2]}: healthy, took an object and gave it back, stopped`);
} catch (error) {
  console.error(`${process.argv[2]}: ${error instanceof Error ? (error.stack ?? error.message) : error}\n${output}`);
  process.exitCode = 1;
  await stop(child, exited);
} finally {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

async function waitForHealth(endpoint: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) throw new Error(`ended with ${server.exitCode}`);
    const response = await fetch(`${endpoint}/-/health`).catch(() => undefined);
    if (response?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("was not healthy within a minute");
}

/** One object above every inline limit, so that all drives are written and read. */
async function roundTrip(
  endpoint: string,
  credentials: { accessKeyId: string; secretAccessKey: string },
): Promise<void> {
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  const Bucket = `smoke-${randomBytes(6).toString("hex")}`;
  const Key = "a folder/ü+%2F.bin";
  const sent = randomBytes(3_000_001);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key, Body: sent }));
  const got = await client.send(new GetObjectCommand({ Bucket, Key }));
  const bytes = (await got.Body?.transformToByteArray()) ?? new Uint8Array();
  if (!sent.equals(bytes)) throw new Error(`sent ${sent.length} bytes, got ${bytes.length} other ones`);
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
  await client.send(new DeleteBucketCommand({ Bucket }));
  client.destroy();
}

/** Exit code after SIGTERM; what is left of the group after ten seconds is killed. */
async function stop(server: ChildProcess, ended: Promise<unknown[]>): Promise<unknown> {
  const group = -(server.pid ?? 0);
  const timer = setTimeout(() => signal(group, "SIGKILL"), 10_000);
  server.kill("SIGTERM");
  const [code] = await ended;
  clearTimeout(timer);
  signal(group, "SIGKILL");
  return code;
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(group, name);
  } catch {
    // nothing of it is left
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
