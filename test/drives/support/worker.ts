import { systemClock } from "../../../src/base/clock.ts";
import { DiskDrive } from "../../../src/drives/disk.ts";
import type { Drive, DriveTraits } from "../../../src/drives/drive.ts";
import { KvDrive } from "../../../src/drives/kv.ts";
import { R2Drive } from "../../../src/drives/r2.ts";
import { S3Drive } from "../../../src/drives/s3.ts";
import { contract } from "../contract.ts";

/** Of the bucket that `start-worker.ts` makes. */
const s3Bucket = {
  region: "auto",
  bucket: "elsewhere",
  prefix: "some/shards/",
  accessKeyId: "drive-test-id",
  secretAccessKey: "drive-test-secret",
};

interface Env {
  DISK: Fetcher;
  KV: KVNamespace;
  R2: R2Bucket;
}

/** Runs one case on one drive: `/?drive=disk&case=…`, for s3 with `&endpoint=…`. 204 where it holds, else 500 and why not. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const asked = new URL(request.url).searchParams;
    const open = drives[asked.get("drive")!]!;
    const found = contract.find(({ name }) => name === asked.get("case"))!;
    try {
      await found.run(open(env, asked.get("endpoint") ?? ""));
      return new Response(null, { status: 204 });
    } catch (error) {
      return new Response(error instanceof Error ? explain(error) : String(error), { status: 500 });
    }
  },
};

const drives: Record<string, (env: Env, endpoint: string) => Drive> = {
  disk: (env) => new DiskDrive(traits("disk"), env.DISK),
  kv: (env) => new KvDrive(traits("kv"), env.KV),
  r2: (env) => new R2Drive(traits("r2"), env.R2),
  s3: (_env, endpoint) =>
    new S3Drive(
      traits("s3"),
      { endpoint, ...s3Bucket },
      { clock: systemClock, fetch: (url, init) => fetch(url, init) },
    ),
};

function traits(name: string): DriveTraits {
  return { name, domain: name, class: "both", shardBytesMax: 5 * 1024 ** 3 };
}

function explain(error: Error): string {
  return error.cause instanceof Error ? `${error.stack}\ncaused by ${explain(error.cause)}` : `${error.stack}`;
}
