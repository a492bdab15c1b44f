import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { type BucketFault, startFaultProxy } from "../support/fault-proxy.ts";
import { damageShards, type ShardDamage } from "../support/shard-damage.ts";
import { type Client, type Job, runJobs, Skip, type Stage } from "./client.ts";
import { bytesOf, sha256Of } from "./content.ts";
import { equal } from "./expect.ts";
import { type RunningServer, startServer } from "./server.ts";
import { checkAll, makeBucket, putAll } from "./stored.ts";

const SIZES = [0, 1, 4000, 17_000, 70_000, 140_000, 300_000, 1_048_577, 5_000_001];
const BUCKET = "degraded";

/** Drives that lose their content or are damaged, under a running server and a stopped one: every read stays byte-exact. */
export function degradedClient(): Client {
  return {
    name: "degraded",
    required: true,
    prepare: async () => ({ ready: true, version: "(drives taken away)" }),
    run: runJobs(JOBS),
  };
}

const JOBS: readonly Job[] = [
  { name: "any-two-drives-gone", run: (stage) => withServer(stage, "pairs", anyTwoGone) },
  { name: "three-drives-gone", run: (stage) => withServer(stage, "three", threeGone) },
  ...(["emptied", "truncated", "corrupted"] as const).map((damage) => ({
    name: `two-drives-${damage}`,
    run: (stage: Stage) => withServer(stage, damage, (rig) => twoDamaged(rig, damage)),
  })),
  ...(["hang", "error", "stall"] as const).map((fault) => ({
    name: `two-buckets-${fault}`,
    run: (stage: Stage) => twoBucketsFail(stage, fault),
  })),
  { name: "two-drives-gone-before-the-start", run: (stage) => withServer(stage, "before", goneBeforeStart) },
];

interface Rig {
  readonly s3: S3Client;
  readonly digests: ReadonlyMap<string, string>;
  readonly drives: readonly string[];
  restart(between: () => Promise<void>): Promise<S3Client>;
}

async function withServer(
  stage: Stage,
  name: string,
  work: (rig: Rig) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (!stage.ownServer) throw new Skip("needs a server of its own");
  const { accessKeyId, secretAccessKey } = stage;
  const dataFolder = join(stage.folder, name);
  const start = (port: number): Promise<RunningServer> =>
    startServer({ dataFolder, port, accessKeyId, secretAccessKey });
  let server = await start(0);
  try {
    const s3 = await makeBucket({ ...stage, endpoint: server.endpoint }, BUCKET);
    const digests = await putAll(s3, BUCKET, SIZES);
    const root = join(dataFolder, "drives");
    const drives = (await readdir(root))
      .filter((entry) => entry.startsWith("drive-"))
      .map((entry) => join(root, entry));
    equal(drives.length, 6, "drives");
    return await work({
      s3,
      digests,
      drives: drives.sort(),
      async restart(between) {
        await server.stop();
        await between();
        server = await start(server.port);
        return s3;
      },
    });
  } finally {
    await server.stop();
  }
}

/** Moves what lies on a drive aside: the folder itself stays, because the server holds it open. */
async function takeAway(drive: string): Promise<void> {
  const aside = `${drive.replace("drive-", "aside-")}`;
  await mkdir(aside, { recursive: true });
  const entries = await readdir(drive);
  if (entries.length === 0) throw new Error(`${drive} is empty: nothing was stored on it`);
  for (const entry of entries) await rename(join(drive, entry), join(aside, entry));
}

/** Puts it back, in place of whatever the server may have rebuilt there meanwhile. */
async function giveBack(drive: string): Promise<void> {
  const aside = drive.replace("drive-", "aside-");
  for (const entry of await readdir(aside)) {
    await rm(join(drive, entry), { recursive: true, force: true });
    await rename(join(aside, entry), join(drive, entry));
  }
}

async function anyTwoGone({ s3, digests, drives }: Rig): Promise<string> {
  let pairs = 0;
  for (const [i, first] of drives.entries()) {
    for (const second of drives.slice(i + 1)) {
      const when = `without ${name(first)} and ${name(second)}`;
      await takeAway(first);
      await takeAway(second);
      await checkAll(s3, BUCKET, digests, when);
      await checkRanges(s3, when);
      await giveBack(first);
      await giveBack(second);
      pairs++;
    }
  }
  await checkAll(s3, BUCKET, digests, "with all drives back");
  return `${pairs} pairs`;
}

async function checkRanges(s3: S3Client, when: string): Promise<void> {
  const bytes = bytesOf(`${BUCKET} 5000001`, 5_000_001);
  for (const [first, last] of [
    [0, 0],
    [262_140, 262_150],
    [1_000_000, 2_345_678],
    [4_999_990, 5_000_000],
  ] as const) {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: "size-5000001", Range: `bytes=${first}-${last}` }),
    );
    const got = (await Body?.transformToByteArray()) ?? new Uint8Array();
    equal(sha256Of(got), sha256Of(bytes.subarray(first, last + 1)), `bytes ${first}-${last} ${when}`);
  }
}

/** Shows that the drives really matter: without three of six a large object cannot be read, and no wrong byte is given out. */
async function threeGone({ s3, digests, drives }: Rig): Promise<string> {
  for (const drive of drives.slice(0, 3)) await takeAway(drive);
  const outcome = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "size-5000001" })).then(
    async ({ Body }) => {
      const bytes = await Body?.transformToByteArray().catch(() => undefined);
      if (bytes === undefined) return "broken off";
      throw new Error(
        `${bytes.byteLength} bytes came from three drives of six: ${sha256Of(bytes) === digests.get("size-5000001") ? "right ones" : "WRONG ones"}`,
      );
    },
    (error: { $metadata?: { httpStatusCode?: number }; name?: string }) =>
      `${error.$metadata?.httpStatusCode} ${error.name}`,
  );
  equal(outcome === "broken off" || outcome.startsWith("503 "), true, `a read from three drives of six: ${outcome}`);
  for (const drive of drives.slice(0, 3)) await giveBack(drive);
  await checkAll(s3, BUCKET, digests, "with three drives back");
  return outcome;
}

async function twoDamaged({ s3, digests, drives }: Rig, damage: ShardDamage): Promise<string> {
  let shards = 0;
  for (const drive of [drives[1], drives[4]]) shards += await damageShards(drive as string, damage);
  if (shards < 4) throw new Error(`only ${shards} shards were ${damage}`);
  await checkAll(s3, BUCKET, digests, `with ${shards} shards ${damage}`);
  return `${shards} shards ${damage}`;
}

/** Drives that are buckets of another server: two of them fail in ways that a folder does not. */
async function twoBucketsFail(stage: Stage, fault: BucketFault): Promise<string> {
  if (!stage.ownServer) throw new Skip("needs a server of its own");
  const { accessKeyId, secretAccessKey, region } = stage;
  const keys = { accessKeyId, secretAccessKey };
  const far = await startServer({ dataFolder: join(stage.folder, `far-${fault}`), port: 0, ...keys });
  const proxy = await startFaultProxy(far.endpoint);
  const names = [1, 2, 3, 4, 5, 6].map((index) => `far-${index}`);
  let near: RunningServer | undefined;
  try {
    for (const bucket of names) await makeBucket({ ...stage, endpoint: far.endpoint }, bucket);
    const place = { type: "s3", endpoint: proxy.endpoint, region };
    const secrets = { accessKeyIdSecret: "SHERD_FAR_ID", secretAccessKeySecret: "SHERD_FAR_SECRET" };
    const drives = names.map((bucket) => ({ name: bucket, bucket, ...place, ...secrets }));
    const variables = {
      SHERD_DRIVES: JSON.stringify(drives),
      SHERD_FAR_ID: accessKeyId,
      SHERD_FAR_SECRET: secretAccessKey,
    };
    near = await startServer({ dataFolder: join(stage.folder, `near-${fault}`), port: 0, ...keys, variables });
    const s3 = await makeBucket({ ...stage, endpoint: near.endpoint }, BUCKET);
    const digests = await putAll(s3, BUCKET, SIZES);
    for (const bucket of names.slice(1, 3)) proxy.faults.set(bucket, fault);
    await checkAll(s3, BUCKET, digests, `while two buckets ${fault}`);
    return `${digests.size} objects`;
  } finally {
    await near?.stop();
    await proxy.stop();
    await far.stop();
  }
}

async function goneBeforeStart({ digests, drives, restart }: Rig): Promise<undefined> {
  const [first, second] = [drives[0] ?? "", drives[5] ?? ""];
  const s3 = await restart(async () => {
    for (const drive of [first, second]) await takeAway(drive);
  });
  await checkAll(s3, BUCKET, digests, "after a start without two drives");
  const more = bytesOf("written while degraded", 2_000_000);
  await new Upload({ client: s3, params: { Bucket: BUCKET, Key: "more", Body: more } }).done();
  await restart(async () => {
    for (const drive of [first, second]) await giveBack(drive);
  });
  await checkAll(s3, BUCKET, new Map([...digests, ["more", sha256Of(more)]]), "after the drives came back");
}

function name(drive: string): string {
  return drive.slice(drive.lastIndexOf("/") + 1);
}
