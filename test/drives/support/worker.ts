import { systemClock } from "../../../src/base/clock.ts";
import { parseDrives } from "../../../src/drives/config.ts";
import { DiskDrive } from "../../../src/drives/disk.ts";
import type { Drive, DriveTraits } from "../../../src/drives/drive.ts";
import { KvDrive } from "../../../src/drives/kv.ts";
import { openDrives } from "../../../src/drives/open.ts";
import { R2Drive } from "../../../src/drives/r2.ts";
import { S3Drive } from "../../../src/drives/s3.ts";
import { contract } from "../contract.ts";
import { streamCases } from "../stream-cases.ts";

/** Of the bucket that `start-worker.ts` makes. */
const s3Bucket = {
  region: "auto",
  bucket: "elsewhere",
  prefix: "some/shards/",
  accessKeyId: "drive-test-id",
  secretAccessKey: "drive-test-secret",
};

/** A bucket that was made for the test, at another server: `&endpoint=…&id=…&secret=…`. */
function elsewhere({ endpoint = "", id = "", secret = "" }: Asked) {
  return { endpoint, region: "us-east-1", bucket: "elsewhere", prefix: "", accessKeyId: id, secretAccessKey: secret };
}

type Asked = Record<string, string>;

interface Env {
  DISK: Fetcher;
  CONFIGURED_DISK: Fetcher;
  CONFIGURED_R2: R2Bucket;
  KV: KVNamespace;
  R2: R2Bucket;
}

/**
 * Runs one case: `/?suite=disk&case=…` for a drive, with `&endpoint=…` for s3, `/?suite=streams&case=…` for a stream case. 204
 * where it holds, else 500 and why not.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const asked = Object.fromEntries(new URL(request.url).searchParams);
    try {
      if (asked.suite === "streams") await streamCases.find(({ name }) => name === asked.case)!.run();
      else await contract.find(({ name }) => name === asked.case)!.run(drives[asked.suite!]!(env, asked));
      return new Response(null, { status: 204 });
    } catch (error) {
      return new Response(error instanceof Error ? explain(error) : String(error), { status: 500 });
    }
  },
};

const parts = {
  clock: systemClock,
  random: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
  fetch: (url: string, init: RequestInit) => fetch(url, init),
};

const drives: Record<string, (env: Env, asked: Asked) => Drive> = {
  disk: (env) => new DiskDrive(traits("disk"), env.DISK),
  kv: (env) => new KvDrive(traits("kv"), env.KV),
  r2: (env) => new R2Drive(traits("r2"), env.R2),
  s3: (_env, { endpoint = "" }) => new S3Drive(traits("s3"), { endpoint, ...s3Bucket }, parts),
  sherd: (_env, asked) => new S3Drive(traits("sherd"), elsewhere(asked), parts),
  "disk as configured": (env) => configured({ type: "disk", binding: "CONFIGURED_DISK" }, env),
  "r2 as configured": (env) => configured({ type: "r2", binding: "CONFIGURED_R2" }, env),
};

/** With all of its decorators, as the Worker has it. */
function configured(entry: object, env: Env): Drive {
  const bindings = { ...env };
  const [drive] = openDrives(parseDrives([{ name: "one", ...entry }], bindings), bindings, {
    ...parts,
    counts: new Map(),
  });
  return drive!;
}

function traits(name: string): DriveTraits {
  return { name, domain: name, class: "both", shardBytesMax: 5 * 1024 ** 3 };
}

function explain(error: Error): string {
  return error.cause instanceof Error ? `${error.stack}\ncaused by ${explain(error.cause)}` : `${error.stack}`;
}
