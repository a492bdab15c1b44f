// `node test/local/smoke.ts npm-start | npm-package | wrangler-dev`: starts the server by the very command that the README
// gives, asks for the console, puts an object through it and takes it back, and stops it. Exits with 1 and the server's output if anything goes wrong.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { installPackage } from "./install-package.ts";

interface Way {
  command: string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** The key pair that the server made, once it listens. */
  credentials: () => Promise<Credentials>;
  /** Whether a stop by signal must end with exit code 0. */
  stopsWithZero: boolean;
  /** Whether it is stopped and started again between putting the object and taking it back. */
  restarts: boolean;
  /** Commands that must find nothing wrong between these two. */
  commands?: string[][];
}

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

interface Running {
  child: ChildProcess;
  exited: Promise<unknown[]>;
  output: () => string;
}

const root = join(import.meta.dirname, "../..");
const folder = await mkdtemp(join(tmpdir(), "sherd-smoke-"));
const dataDir = join(folder, "data");
const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
const ownKeys = async () => JSON.parse(await readFile(join(dataDir, "credentials.json"), "utf8"));

const ways: Record<string, () => Promise<Way>> = {
  "npm-start": async () => ({
    command: ["npm", "start", "--", "--port", String(port), "--data", dataDir],
    cwd: root,
    env: process.env,
    credentials: ownKeys,
    stopsWithZero: true,
    restarts: false,
  }),
  "npm-package": async () => {
    const { command, env, cwd } = await installPackage(root, folder);
    return {
      command: [command, "--port", String(port), "--data", dataDir],
      ...{ cwd, env, credentials: ownKeys, stopsWithZero: true, restarts: true },
      commands: [
        [command, "verify", "--data", dataDir],
        [command, "heal", "--all", "--data", dataDir],
        [command, "restore", "--list", "--data", dataDir],
      ],
    };
  },
  "wrangler-dev": async () => ({
    command: ["npx", "wrangler", "dev", "--ip", "127.0.0.1", "--port", String(port)],
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    credentials: async () => {
      const text = await readFile(join(root, ".dev.vars"), "utf8");
      const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
      return { accessKeyId: value("SHERD_ACCESS_KEY_ID"), secretAccessKey: value("SHERD_SECRET_ACCESS_KEY") };
    },
    // wrangler's own business.
    stopsWithZero: false,
    restarts: false,
  }),
};

const name = process.argv[2] ?? "";
const prepare = ways[name];
if (prepare === undefined) {
  console.error(`usage: node test/local/smoke.ts ${Object.keys(ways).join(" | ")}`);
  process.exit(2);
}
let running: Running | undefined;
try {
  const way = await prepare();
  running = await start(way);
  await checkConsole();
  const take = await putObject(await way.credentials());
  if (way.restarts) {
    await stop(running, way);
    for (const command of way.commands ?? []) await runCommand(command, way);
    running = await start(way);
  }
  await take();
  await stop(running, way);
  console.log(`${name}: healthy, served the console, took an object and gave it back, stopped`);
} catch (error) {
  console.error(
    `${name}: ${error instanceof Error ? (error.stack ?? error.message) : error}\n${running?.output() ?? ""}`,
  );
  process.exitCode = 1;
  if (running) await end(running);
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Resolves when the server is healthy. */
async function start({ command, cwd, env }: Way): Promise<Running> {
  console.log(`> ${command.join(" ")}`);
  const beganMs = Date.now();
  const [program = "", ...args] = command;
  // A group of its own, so that nothing of it can be left behind.
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const exited = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  }
  running = { child, exited, output: () => output };
  await waitForHealth(child);
  console.log(`healthy after ${Date.now() - beganMs} ms`);
  return running;
}

/** Prints the last line of what the command says. */
async function runCommand([program = "", ...args]: string[], { cwd, env }: Way): Promise<void> {
  console.log(`> ${[program, ...args].join(" ")}`);
  const { stdout } = await promisify(execFile)(program, args, { cwd, env });
  console.log(stdout.trimEnd().split("\n").at(-1));
}

async function waitForHealth(server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (server.exitCode !== null) throw new Error(`ended with ${server.exitCode}`);
    const response = await fetch(`${endpoint}/-/health`).catch(() => undefined);
    if (response?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("was not healthy within a minute");
}

/** The console's page and every script and style that it names are there, with their types and the policy that protects them. */
async function checkConsole(): Promise<void> {
  const page = await consoleFile("/-/console", "text/html");
  const names = [...page.matchAll(/(?:src|href)="(\/-\/console\/assets\/[^"]+\.(js|css))"/g)];
  if (!names.some(([, , ending]) => ending === "js")) throw new Error(`the console's page names no script:\n${page}`);
  for (const [, path = "", ending] of names) await consoleFile(path, ending === "js" ? "text/javascript" : "text/css");
}

async function consoleFile(path: string, type: string): Promise<string> {
  const response = await fetch(endpoint + path);
  const text = await response.text();
  const header = (name: string) => response.headers.get(name) ?? "";
  const isProtected = header("content-security-policy").includes(`script-src 127.0.0.1:${port}/-/console/;`);
  if (response.status !== 200 || !header("content-type").startsWith(type) || !isProtected) {
    throw new Error(`GET ${path}: ${response.status} ${JSON.stringify([...response.headers])}\n${text.slice(0, 500)}`);
  }
  return text;
}

/** Puts one object above every inline limit, so that all drives are written. Resolves with what takes it back and removes it. */
async function putObject(credentials: Credentials): Promise<() => Promise<void>> {
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  const Bucket = `smoke-${randomBytes(6).toString("hex")}`;
  const Key = "a folder/ü+%2F.bin";
  const sent = randomBytes(3_000_001);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key, Body: sent }));
  return async () => {
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = (await got.Body?.transformToByteArray()) ?? new Uint8Array();
    if (!sent.equals(bytes)) throw new Error(`sent ${sent.length} bytes, got ${bytes.length} other ones`);
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await client.send(new DeleteBucketCommand({ Bucket }));
    client.destroy();
  };
}

async function stop(server: Running, { stopsWithZero }: Way): Promise<void> {
  const code = await end(server);
  if (stopsWithZero && code !== 0) throw new Error(`SIGTERM ended it with ${code}`);
}

/** Exit code after SIGTERM; what is left of the group after ten seconds is killed. */
async function end({ child, exited }: Running): Promise<unknown> {
  const group = -(child.pid ?? 0);
  const timer = setTimeout(() => signal(group, "SIGKILL"), 10_000);
  child.kill("SIGTERM");
  const [code] = await exited;
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
