import { Buffer } from "node:buffer";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client, type S3ClientConfig, S3ServiceException } from "@aws-sdk/client-s3";
import { bundleWorker, type WorkerModules } from "../../local/build/bundle.ts";
import { applyMigrations } from "../../local/migrations.ts";
import { startRuntime, withDatabase } from "../../local/runtime.ts";
import { type SignerInput, signRequest } from "./signer.ts";

const root = join(import.meta.dirname, "../..");
const driveCount = 6;

export interface RawRequest extends Partial<Omit<SignerInput, "url" | "method">> {
  method?: string;
  /** Path and query, exactly as they go over the wire. */
  path: string;
  /** Send without a signature. */
  anonymous?: boolean;
}

export interface RawResponse {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  /** The body as text. */
  text: string;
}

/** A Sherd on workerd inside the test process: the bundled Worker, D1 and six disk drives in a folder that goes with it. */
export interface Sherd {
  readonly endpoint: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** An SDK client: path-style and without retries, so that a test sees the first answer. */
  client(config?: S3ClientConfig): S3Client;
  /** Sends a request that is signed by hand, headers and path as they are given. */
  raw(request: RawRequest): Promise<RawResponse>;
  /** Folders of the drives. */
  readonly drivePaths: readonly string[];
  /** What the Worker has logged so far, line by line. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** What every Sherd of this process starts from: made once, because it takes longer than a start. */
interface Template {
  worker: WorkerModules;
  /** A folder with metadata that has all migrations. */
  metadataPath: string;
}

let template: Promise<Template> | undefined;

async function makeTemplate(): Promise<Template> {
  const metadataPath = await mkdtemp(join(tmpdir(), "sherd-test-template-"));
  process.once("exit", () => rmSync(metadataPath, { recursive: true, force: true }));
  const [worker] = await Promise.all([
    bundleWorker(join(root, "src/index.ts")),
    withDatabase(metadataPath, (database) => applyMigrations(database, join(root, "migrations"))),
  ]);
  return { worker, metadataPath };
}

/** Starts one, in half a second; use one per test file. `vars` are added to the variables of the Worker. */
export async function startSherd(vars: Record<string, string> = {}): Promise<Sherd> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
  const drivePaths = Array.from({ length: driveCount }, (_, index) => join(folder, `drive-${index + 1}`));
  for (const path of drivePaths) await mkdir(path);
  const metadataPath = join(folder, "metadata");
  template ??= makeTemplate();
  const { worker, metadataPath: migrated } = await template;
  await cp(migrated, metadataPath, { recursive: true });
  const accessKeyId = "SHERDTESTKEYID000000";
  const secretAccessKey = "a/secret+of/the+tests/that/is/forty/long";
  const drives = drivePaths.map((_, index) => {
    const name = `drive-${index + 1}`;
    return { name, type: "disk", binding: `DRIVE_${index + 1}`, domain: name };
  });
  const log: string[] = [];
  const runtime = await startRuntime({
    worker,
    host: "127.0.0.1",
    port: 0,
    metadataPath,
    drivePaths,
    vars: {
      SHERD_DRIVES: JSON.stringify(drives),
      SHERD_ACCESS_KEY_ID: accessKeyId,
      SHERD_SECRET_ACCESS_KEY: secretAccessKey,
      ...vars,
    },
    onLog: (_, message) => log.push(message),
  });
  const endpoint = `http://127.0.0.1:${runtime.port}`;
  const clients: S3Client[] = [];
  return {
    endpoint,
    port: runtime.port,
    accessKeyId,
    secretAccessKey,
    drivePaths,
    log,
    client(config = {}) {
      const client = new S3Client({
        endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        maxAttempts: 1,
        credentials: { accessKeyId, secretAccessKey },
        ...config,
      });
      clients.push(client);
      return client;
    },
    raw: (request) => sendRaw({ endpoint, accessKeyId, secret: secretAccessKey }, request),
    async stop() {
      for (const client of clients) client.destroy();
      await runtime.dispose();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface Failure {
  /** As AWS spells it: `NoSuchKey`. For HEAD requests the SDK makes one up from the status. */
  code: string;
  status: number | undefined;
  message: string;
}

/** What an SDK call failed with. Throws where it did not fail, or failed without an answer. */
export async function failure(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return { code: error.name, status: error.$metadata.httpStatusCode, message: error.message };
  }
  throw new Error("the call succeeded");
}

/** Text of the first element of that name in an XML answer, its five references resolved; undefined where there is none. */
export function elementText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

interface Door {
  endpoint: string;
  accessKeyId: string;
  secret: string;
}

function sendRaw({ endpoint, ...key }: Door, { path, anonymous, ...given }: RawRequest): Promise<RawResponse> {
  const input = { method: "GET", nowMs: Date.now(), ...key, ...given, url: endpoint + path };
  if (anonymous) {
    const body = Buffer.from(given.body ?? "");
    const length = body.length > 0 ? { "content-length": `${body.length}` } : {};
    return exchange({ endpoint, method: input.method, path, headers: { ...length, ...given.headers }, body });
  }
  const parts = signRequest(input);
  return exchange({ ...parts, endpoint, path: parts.url.slice(endpoint.length) });
}

interface Exchange {
  endpoint: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** By Node's own HTTP client, because `fetch` would rewrite paths and add headers. */
function exchange({ endpoint, method, path, headers, body }: Exchange): Promise<RawResponse> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, utf8Bytes(value)]));
    const request = httpRequest({ hostname, port, method, path, headers: sent, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(pieces);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Node writes the characters of a header as bytes. */
function utf8Bytes(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}
