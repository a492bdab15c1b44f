import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DurabilityReport } from "../../src/maintenance/census/durability.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { pattern } from "../support/store.ts";

// What docs/operations.md says of adding a drive, replacing one and taking one out, and of `npm run verify`, command by command.

const root = join(import.meta.dirname, "../..");
const Bucket = "moving";
const OBJECTS = new Map(
  [400_000, 700_000, 1_200_000, 900_001].map((bytes, n) => [`object-${n}`, pattern(bytes, n + 1)]),
);
/** Of shapes that five drives are enough for. */
const GEOMETRY = { SHERD_STORAGE_CLASSES: "STANDARD=3+2" };
let dataDir: string;
let server: TestServer | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(dataDir, { recursive: true, maxRetries: 5 });
});

function entries(numbers: readonly number[], draining: readonly number[] = []): Record<string, string> {
  const drives = numbers.map((number) => {
    const entry = { name: `drive-${number}`, type: "disk", binding: `DRIVE_${number}`, domain: `drive-${number}` };
    return draining.includes(number) ? { ...entry, draining: true } : entry;
  });
  return { ...GEOMETRY, SHERD_DRIVES: JSON.stringify(drives) };
}

async function start(env: Record<string, string>): Promise<TestServer> {
  await server?.stop();
  server = await startServer({ dataDir, args: ["--processes", "1"], env });
  return server;
}

async function withClient<T>(use: (client: S3Client) => Promise<T>): Promise<T> {
  const { endpoint, accessKeyId, secretAccessKey } = server as TestServer;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

const putAll = (prefix: string) =>
  withClient(async (client) => {
    for (const [key, Body] of OBJECTS) await client.send(new PutObjectCommand({ Bucket, Key: prefix + key, Body }));
  });
const expectAll = (prefix: string) =>
  withClient(async (client) => {
    for (const [key, bytes] of OBJECTS) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: prefix + key }));
      expect([key, Buffer.compare((await Body?.transformToByteArray()) as Uint8Array, bytes)]).toEqual([key, 0]);
    }
  });
const makeBucket = () => withClient((client) => client.send(new CreateBucketCommand({ Bucket })));

/** `npm run NAME -- ARGS` with the root key in the environment. */
function command(name: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const { accessKeyId, secretAccessKey } = server as TestServer;
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  return new Promise((resolve) => {
    execFile(
      join(root, "node_modules/.bin/node"),
      [join(root, `local/${name}.ts`), ...args],
      { env },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, output: out + err }),
    );
  });
}

async function report(): Promise<DurabilityReport> {
  const { endpoint, accessKeyId, secretAccessKey } = server as TestServer;
  const authorization = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64")}`;
  return (await (await fetch(`${endpoint}/-/durability`, { headers: { authorization } })).json()) as DurabilityReport;
}

async function run(): Promise<void> {
  const { endpoint, accessKeyId, secretAccessKey } = server as TestServer;
  const authorization = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64")}`;
  await (
    await fetch(`${endpoint}/-/run`, { method: "POST", headers: { authorization, "x-sherd-confirm": "1" } })
  ).text();
}

async function untilGreen(): Promise<DurabilityReport> {
  await expect
    .poll(
      async () => {
        await run();
        return (await report()).headline;
      },
      { timeout: 90_000, interval: 500 },
    )
    .toBe("every blob is at full redundancy");
  return report();
}

const folder = (number: number) => join(dataDir, "drives", `drive-${number}`);

async function shardFiles(number: number): Promise<string[]> {
  const names = await readdir(folder(number), { recursive: true });
  return names.filter((name) => /\/[0-9A-Z]{26}-\d\d$/.test(name));
}

describe("drives", () => {
  test("a sixth is added: new objects lie on it too, old ones stay where they are", async () => {
    await start(entries([1, 2, 3, 4, 5]));
    await makeBucket();
    await putAll("before/");
    await untilGreen();
    expect(await shardFiles(6)).toEqual([]);
    await start(entries([1, 2, 3, 4, 5, 6]));
    await putAll("after/");
    const { drives, green } = await untilGreen();
    expect(green).toBe(true);
    expect(drives.find(({ name }) => name === "drive-6")).toMatchObject({ state: "ours" });
    expect((await shardFiles(6)).length).toBeGreaterThan(0);
    await expectAll("before/");
    await expectAll("after/");
  }, 240_000);

  test("one is taken out: emptied by the command, then its entry and its folder may go", async () => {
    await start(entries([1, 2, 3, 4, 5, 6]));
    await makeBucket();
    await putAll("");
    await untilGreen();
    const { endpoint } = await start(entries([1, 2, 3, 4, 5, 6], [2]));
    const { code, output } = await command("heal", "--all", "--endpoint", endpoint);
    expect([code, output]).toEqual([0, expect.stringContaining("nothing is missing")]);
    const { drives } = await untilGreen();
    expect(drives.find(({ name }) => name === "drive-2")?.shards ?? 0).toBe(0);
    await start(entries([1, 3, 4, 5, 6]));
    await server?.stop();
    server = undefined;
    await rm(folder(2), { recursive: true });
    await start(entries([1, 3, 4, 5, 6]));
    await untilGreen();
    await expectAll("");
  }, 300_000);

  test("one is replaced by an empty folder, and healed by the command", async () => {
    const { endpoint } = await start({});
    await makeBucket();
    await putAll("");
    await untilGreen();
    await rename(folder(3), join(dataDir, "broken"));
    await mkdir(folder(3));
    const dry = await command("heal", "--drive", "drive-3", "--dry-run", "--endpoint", endpoint);
    expect([dry.code, dry.output]).toEqual([1, expect.stringContaining("4 of 4 shards are missing")]);
    const { code, output } = await command("heal", "--drive", "drive-3", "--endpoint", endpoint);
    expect([code, output]).toEqual([0, expect.stringContaining("nothing is missing")]);
    await untilGreen();
    for (const number of [1, 2]) await rename(folder(number), join(dataDir, `away-${number}`));
    await expectAll("");
  }, 240_000);

  test("verify with --report-only finds and changes nothing; without, it queues what it finds", async () => {
    const { endpoint } = await start({});
    await makeBucket();
    await putAll("");
    await untilGreen();
    const [lost] = await shardFiles(4);
    await rm(join(folder(4), lost as string));
    const looked = await command("verify", "--report-only", "--endpoint", endpoint);
    expect([looked.code, looked.output]).toEqual([1, expect.stringContaining("shard-absent")]);
    expect((await report()).backlog.damage.rows).toBe(0);
    const queued = await command("verify", "--endpoint", endpoint);
    expect(queued.code).toBe(1);
    expect((await report()).backlog.damage.rows).toBe(1);
    await untilGreen();
    expect((await command("verify", "--endpoint", endpoint)).code).toBe(0);
  }, 240_000);
});
