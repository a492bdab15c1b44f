import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { fences } from "../docs/document.ts";
import { type Client, type Job, runJobs, Skip, type Stage } from "./client.ts";
import { attempt } from "./command.ts";
import { bytesOf, sha256Of } from "./content.ts";
import { equal } from "./expect.ts";
import { installSystem } from "./install.ts";
import { freePort, projectFolder } from "./server.ts";

/** nginx and Caddy with the configurations of docs/proxies.md: only names, ports and certificates are replaced. */
export function proxiesClient(): Client {
  return {
    name: "proxies",
    required: false,
    prepare: async () => ({ ready: true, version: "with the configurations of docs/proxies.md" }),
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [
  { name: "nginx", run: (stage) => through(stage, startNginx) },
  { name: "caddy", run: (stage) => through(stage, startCaddy) },
];

interface Proxy {
  readonly port: number;
  readonly process: ChildProcess;
}

async function documented(language: string): Promise<string> {
  const page = await readFile(join(projectFolder, "docs/proxies.md"), "utf8");
  const [configuration] = fences(page, language);
  if (configuration === undefined) throw new Error(`docs/proxies.md has no configuration for ${language}`);
  return configuration;
}

async function have(program: string, packageName: string): Promise<void> {
  const here = await attempt([program, program === "nginx" ? "-v" : "version"]).catch(() => undefined);
  if (here !== undefined) return;
  const installed = await installSystem(packageName);
  if (!installed.ok) throw new Skip(installed.why);
}

async function startNginx(stage: Stage, folder: string): Promise<Proxy> {
  await have("nginx", "nginx-light");
  const port = await freePort();
  const server = (await documented("nginx"))
    .replace(/listen 443 ssl;/, `listen 127.0.0.1:${port};`)
    .replace(/^\s*ssl_certificate.*$/gm, "")
    .replace("http://127.0.0.1:9000", stage.endpoint);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder};`);
  const main = `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; events {}
http { access_log off; ${paths.join(" ")} ${server} }\n`;
  const path = join(folder, "nginx.conf");
  await writeFile(path, main);
  return { port, process: spawn("nginx", ["-c", path, "-e", join(folder, "error.log")], { stdio: "ignore" }) };
}

async function startCaddy(stage: Stage, folder: string): Promise<Proxy> {
  await have("caddy", "caddy");
  const port = await freePort();
  const site = (await documented("caddy"))
    .replace(/^.*\{$/m, `http://127.0.0.1:${port} {`)
    .replace("127.0.0.1:9000", new URL(stage.endpoint).host);
  const path = join(folder, "Caddyfile");
  await writeFile(path, `{\n  admin off\n}\n${site}`);
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const run = ["run", "--adapter", "caddyfile", "--config", path];
  return { port, process: spawn("caddy", run, { stdio: "ignore", env }) };
}

async function through(stage: Stage, start: (stage: Stage, folder: string) => Promise<Proxy>): Promise<void> {
  const folder = join(stage.folder, `proxy-${start.name}`);
  await mkdir(folder, { recursive: true });
  const proxy = await start(stage, folder);
  const ended = new Promise((resolve) => proxy.process.once("exit", resolve));
  try {
    await untilItListens(proxy.port);
    await work({ ...stage, endpoint: `http://127.0.0.1:${proxy.port}` }, `proxied-${start.name.toLowerCase()}`);
  } finally {
    proxy.process.kill("SIGTERM");
    await ended;
  }
}

async function untilItListens(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.end());
    });
    if (open) return;
    await delay(100);
  }
  throw new Error("the proxy does not listen");
}

/** What a wrong proxy breaks: odd paths, odd header names, bodies above its limit, ranges, checksums, presigned URLs. */
async function work(stage: Stage, bucket: string): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = stage;
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const small = bytesOf("proxied, small", 5_000);
  const large = bytesOf("proxied, large", 20 * 1024 * 1024);
  const odd = "a//b c+ü%2F~/(1).txt";
  const metadata = { with_underscore: "1", "with.dot": "2" };
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: odd, Body: small, Metadata: metadata }));
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: odd }));
  equal(head.Metadata, metadata, "metadata");
  await new Upload({ client: s3, params: { Bucket: bucket, Key: "parts", Body: large } }).done();
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "whole", Body: large, ContentEncoding: "gzip" }));
  const whole = await fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: "parts" })));
  equal(sha256Of(new Uint8Array(await whole.arrayBuffer())), sha256Of(large), "the parts, by a presigned URL");
  const ranged = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "whole", Range: "bytes=1000000-1999999" }));
  const range = (await ranged.Body?.transformToByteArray()) ?? new Uint8Array();
  equal(sha256Of(range), sha256Of(large.subarray(1_000_000, 2_000_000)), "a range of encoded bytes");
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
  }
  equal(keys, [odd, "parts", "whole"], "the listing");
  const Objects = keys.map((Key) => ({ Key }));
  await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  s3.destroy();
}
