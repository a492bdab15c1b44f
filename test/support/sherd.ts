import { Buffer } from "node:buffer";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client, type S3ClientConfig, S3ServiceException } from "@aws-sdk/client-s3";
import { bundleWorker, type WorkerModules } from "../../local/build/bundle.ts";
import { startRuntime } from "../../local/runtime.ts";
import { writeMigratedDatabases } from "./migrated.ts";
import { type SignerInput, signRequest } from "./signer.ts";

const root = join(import.meta.dirname, "../..");
const driveCount = 6;
const drives = Array.from({ length: driveCount }, (_, index) => {
  const name = `drive-${index + 1}`;
  return { name, type: "disk", binding: `DRIVE_${index + 1}`, domain: name };
});

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

/** A Sherd on workerd: the bundled Worker, D1 and six disk drives in a folder that goes with it. */
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
  /** What the Worker has logged so far, line by line; those that share its workerd are in it too. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

const accessKeyId = "SHERDTESTKEYID000000";
const secretAccessKey = "a/secret+of/the+tests/that/is/forty/long";
const variables = {
  SHERD_DRIVES: JSON.stringify(drives),
  SHERD_ACCESS_KEY_ID: accessKeyId,
  SHERD_SECRET_ACCESS_KEY: secretAccessKey,
};

let bundled: Promise<WorkerModules> | undefined;

/** Running and not yet given to a test. */
interface Ready {
  port: number;
  drivePaths: string[];
  log: string[];
  dispose(): Promise<void>;
}

/** Most Sherds that one workerd runs. */
const TOGETHER_MAX = 16;
/** How many the next workerd runs: one for a single test file, more for each that asks for the next. */
let together = 1;
const ready: Ready[] = [];

/**
 * A Sherd that nobody has used: an isolate, metadata and drives of its own. Use one per test file. `vars` are added to the
 * variables of the Worker; one with `vars` has a workerd of its own, others share one, because a start of workerd takes four times as
 * long as one more isolate.
 */
export async function startSherd(vars?: Record<string, string>): Promise<Sherd> {
  let taken: Ready | undefined;
  if (vars === undefined) {
    if (ready.length === 0) {
      ready.push(...(await startTogether(together, {})));
      together = Math.min(2 * together, TOGETHER_MAX);
    }
    taken = ready.pop();
  } else [taken] = await startTogether(1, vars);
  if (taken === undefined) throw new Error("none has started");
  return sherdOf(taken);
}

/** The last one that is stopped ends workerd and removes the folders. Those that no test takes end with the process. */
async function startTogether(count: number, vars: Record<string, string>): Promise<Ready[]> {
  bundled ??= bundleWorker(join(root, "src/index.ts"));
  const folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const metadataPath = join(folder, "metadata");
  const databases = Array.from({ length: count }, (_, index) => `sherd-${index + 1}`);
  await writeMigratedDatabases(metadataPath, databases);
  const workers = await Promise.all(
    databases.map(async (database) => {
      const drivePaths = Array.from({ length: driveCount }, (_, index) => join(folder, database, `drive-${index + 1}`));
      for (const path of drivePaths) await mkdir(path, { recursive: true });
      return { database, drivePaths, vars: { ...variables, ...vars } };
    }),
  );
  const log: string[] = [];
  const onLog = (_: string, message: string) => void log.push(message);
  const runtime = await startRuntime({ modules: await bundled, metadataPath, workers, onLog });
  let left = count;
  const dispose = async () => {
    left -= 1;
    if (left > 0) return;
    await runtime.dispose();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return workers.map(({ drivePaths }, index) => ({ port: runtime.ports[index] as number, drivePaths, log, dispose }));
}

function sherdOf({ port, drivePaths, log, dispose }: Ready): Sherd {
  const endpoint = `http://127.0.0.1:${port}`;
  const clients: S3Client[] = [];
  return {
    endpoint,
    port,
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
      await dispose();
    },
  };
}

export interface Failure {
  /** As AWS spells it: `NoSuchKey`. For HEAD requests the SDK makes one up from the status. */
  code: string;
  status: number | undefined;
  message: string;
}

/** What an SDK call failed with. Throws if it did not fail, or failed without an answer. */
export async function failure(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return { code: error.name, status: error.$metadata.httpStatusCode, message: error.message };
  }
  throw new Error("the call succeeded");
}

/** Text of the first element of that name in an XML answer, its five references resolved; undefined if there is none. */
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
