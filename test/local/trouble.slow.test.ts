import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runLauncher, startServer, type TestServer } from "../support/server.ts";

// Drives and metadata that are not what they were, at a start and under a running server.

const root = join(import.meta.dirname, "../..");
const env = { SHERD_ACCESS_KEY_ID: "TROUBLETESTKEY", SHERD_SECRET_ACCESS_KEY: "the-secret-of-the-trouble-tests" };
const Bucket = "kept";
const body = new Uint8Array(300_000).map((_, at) => (at * 31) % 251);

let parent: string;
/** A store with one object, as it was when its server had stopped. */
let pristine: string;
let dataDir: string;
const servers: TestServer[] = [];
const clients: S3Client[] = [];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "sherd-test-"));
  pristine = join(parent, "pristine");
  const server = await start(pristine);
  // The run of the start must be over: a snapshot that it took meanwhile would be the only one of this day.
  while ((await page(server, "durability")).includes("have not run yet"))
    await new Promise((done) => setTimeout(done, 100));
  const client = clientOf(server);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: "one", Body: body }));
  await post(server, "run");
  await server.stop();
}, 60_000);

beforeEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
  dataDir = join(parent, `data-${Math.random()}`);
  await cp(pristine, dataDir, { recursive: true });
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  for (const server of servers) await server.kill();
  await rm(parent, { recursive: true, force: true, maxRetries: 5 });
});

async function start(path: string, ...more: string[]): Promise<TestServer> {
  const server = await startServer({ dataDir: path, args: ["--quiet", "--processes", "1", ...more], env });
  servers.push(server);
  return server;
}

function clientOf({ endpoint, accessKeyId, secretAccessKey }: TestServer): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
  clients.push(client);
  return client;
}

const authorization = `Basic ${btoa(`${env.SHERD_ACCESS_KEY_ID}:${env.SHERD_SECRET_ACCESS_KEY}`)}`;
const post = async ({ endpoint }: TestServer, page: string) =>
  (await fetch(`${endpoint}/-/${page}`, { method: "POST", headers: { authorization, "x-sherd-confirm": "1" } })).json();
const page = async ({ endpoint }: TestServer, name: string) =>
  (await fetch(`${endpoint}/-/${name}`, { headers: { authorization } })).text();

async function read(client: S3Client): Promise<Uint8Array | undefined> {
  return (await client.send(new GetObjectCommand({ Bucket, Key: "one" }))).Body?.transformToByteArray();
}

function refused(...args: string[]): Promise<{ code: number; output: string }> {
  return runLauncher(["--port", "0", "--data", dataDir, "--quiet", ...args], env);
}

function tool(script: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const { PATH = "" } = process.env;
  return new Promise((resolve) => {
    const argv = [join(root, `local/${script}.ts`), ...args];
    const options = { cwd: parent, env: { PATH, HOME: parent, ...env } };
    execFile(join(root, "node_modules/.bin/node"), argv, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

const drive = (number: number) => join(dataDir, "drives", `drive-${number}`);

describe("drives in trouble at a start", () => {
  test("two of six that are a dangling link and a file stop nothing; each is named with what to do", async () => {
    await rm(drive(2), { recursive: true });
    await symlink(join(parent, "not-mounted/drive-2"), drive(2));
    await rm(drive(5), { recursive: true });
    await writeFile(drive(5), "");
    const server = await start(dataDir);
    expect(server.output()).toMatch(/^sherd: drive drive-2 is missing: .*is a link to .*not-mounted.*mount its disk/m);
    expect(server.output()).toMatch(/^sherd: drive drive-5 is not-a-folder: .*move it away/m);
    expect(await read(clientOf(server))).toEqual(body);
    const metrics = await page(server, "metrics");
    expect(metrics).toMatch(/^sherd_drive_folder_usable\{drive="drive-2"\} 0$/m);
    expect(metrics).toMatch(/^sherd_drive_folder_usable\{drive="drive-1"\} 1$/m);
    // Small bodies need no drive. Of four drives none may be lost, so a large one is not acknowledged.
    await clientOf(server).send(new PutObjectCommand({ Bucket, Key: "small", Body: body.subarray(0, 1000) }));
    await expect(clientOf(server).send(new PutObjectCommand({ Bucket, Key: "two", Body: body }))).rejects.toThrow(
      "Too few drives answer: 4 of the 5 needed.",
    );
  });

  test("three of six stop it, all named", async () => {
    for (const number of [1, 3, 6]) await rm(drive(number), { recursive: true });
    const { code, output } = await refused();
    expect(code).toBe(1);
    expect(output).toMatch(/^sherd: too many drives cannot be used \(at most 2 of them may be\):\n/);
    for (const number of [1, 3, 6])
      expect(output).toContain(`- drive drive-${number} is missing: there is no ${drive(number)}`);
    expect(await readdir(join(dataDir, "drives"))).toEqual(["drive-2", "drive-4", "drive-5"]);
  });
}, 60_000);

describe("a drive whose folder is removed while the server runs", () => {
  test("is not made anew by a write, is told of, and is used again when it is back", async () => {
    const server = await start(dataDir);
    const client = clientOf(server);
    await rename(drive(4), join(parent, "unmounted"));
    await client.send(new PutObjectCommand({ Bucket, Key: "meanwhile", Body: body }));
    await expect(readdir(drive(4))).rejects.toThrow(/ENOENT/);
    expect(await page(server, "durability")).toContain("its folder is not there");
    await until(() => /^sherd: drive drive-4 is missing: there is no /m.test(server.output()));
    await rename(join(parent, "unmounted"), drive(4));
    await until(() => /^sherd: drive drive-4 is back: /m.test(server.output()));
    await client.send(new PutObjectCommand({ Bucket, Key: "after", Body: body }));
    const shards = await readdir(drive(4), { recursive: true });
    expect(shards.filter((name) => /-\d\d$/.test(name)).length).toBeGreaterThanOrEqual(2);
  });
}, 60_000);

describe("a drive whose disk is not mounted", () => {
  test("is not taken for an emptied one: nothing is written into the folder below", async () => {
    await writeFile(join(dataDir, "mounts.json"), '["drive-4"]');
    await rename(drive(4), join(parent, "its-disk"));
    await mkdir(drive(4));
    const server = await start(dataDir);
    expect(server.output()).toMatch(
      /^sherd: drive drive-4 is not-mounted: no disk is mounted at .*, where one was: mount it/m,
    );
    await clientOf(server).send(new PutObjectCommand({ Bucket, Key: "meanwhile", Body: body }));
    await post(server, "run");
    expect(await page(server, "durability")).not.toContain("was emptied");
    expect(await page(server, "durability")).toContain("drive drive-4 is not-mounted: no disk is mounted at");
    expect(server.output()).not.toContain("was emptied");
    expect(await readdir(drive(4))).toEqual([]);
    expect(await read(clientOf(server))).toEqual(body);
    await server.stop();
    // As the sentence says: it is to lie in this folder from now on.
    await rm(join(dataDir, "mounts.json"));
    const again = await start(dataDir);
    await post(again, "run");
    await until(() => /drive drive-4 was emptied/.test(again.output()));
    await until(() => again.output().includes("maintenance"));
  });
}, 60_000);

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200 && !condition(); attempt++) await new Promise((done) => setTimeout(done, 100));
  expect(condition()).toBe(true);
}

describe("metadata that are missing", () => {
  const hint = /there are no metadata in .*, but shards on drive-1, .*npm run restore.*--new/;

  test("stop the start, and a check of everything, and nothing is made", async () => {
    await rm(join(dataDir, "metadata"), { recursive: true });
    expect(await refused()).toEqual({ code: 1, output: expect.stringMatching(hint) });
    expect(await tool("verify", "--data", dataDir)).toEqual({ code: 1, output: expect.stringMatching(hint) });
    expect(await readdir(join(dataDir, "metadata"))).toEqual([]);
    const { code, output } = await tool("restore", "--data", dataDir, "--list");
    expect([code, output]).toEqual([0, expect.stringMatching(/^DB: snapshot \w{26} of /m)]);
    expect(await refused()).toEqual({ code: 1, output: expect.stringMatching(hint) });
  });

  test("that an earlier start has made anew count as missing", async () => {
    await rm(join(dataDir, "metadata"), { recursive: true });
    const empty = join(parent, "empty");
    await (await start(empty)).stop();
    await cp(join(empty, "metadata"), join(dataDir, "metadata"), { recursive: true });
    expect(await refused()).toEqual({ code: 1, output: expect.stringMatching(hint) });
  });

  test("are begun anew with --new, and the shards are moved aside", async () => {
    await rm(join(dataDir, "metadata"), { recursive: true });
    const server = await start(dataDir, "--new");
    expect(server.output()).toMatch(/^sherd: what lay on a drive is in .*drive-1\/before-\w+ now$/m);
    const [aside = ""] = (await readdir(drive(1))).filter((name) => name.startsWith("before-"));
    expect((await readdir(join(drive(1), aside), { recursive: true })).length).toBeGreaterThan(1);
    await clientOf(server).send(new CreateBucketCommand({ Bucket: "another" }));
    await server.stop();
    await (await start(dataDir)).stop();
  });

  test("are restored from the drives", async () => {
    await rm(join(dataDir, "metadata"), { recursive: true });
    expect((await tool("restore", "--data", dataDir)).output).toMatch(/^restored \w{26} of /m);
    expect(await read(clientOf(await start(dataDir)))).toEqual(body);
  });
}, 60_000);

test("metadata that are older than a snapshot on the drives stop the start, unless --new says that it is meant", async () => {
  const future = Date.now() + 30 * 60_000;
  // A snapshot that was taken half an hour later, by its name.
  const [shard = ""] = (await readdir(join(drive(1), "00SNA/PS"))).filter((name) => name.includes("-manifest-"));
  const time = encodeTime(future);
  await writeFile(join(drive(1), "00SNA/PS", shard.replace(/^00SNAPSHOT-\w{10}/, `00SNAPSHOT-${time}`)), "");
  const older = /the metadata in .* are those of .*, but the drives hold a snapshot of .*--new/;
  expect(await refused()).toEqual({ code: 1, output: expect.stringMatching(older) });
  expect(await tool("verify", "--data", dataDir)).toEqual({ code: 1, output: expect.stringMatching(older) });
  expect(await read(clientOf(await start(dataDir, "--new")))).toEqual(body);
}, 60_000);

/** The first ten characters of an id made at that time. */
function encodeTime(ms: number): string {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return Array.from({ length: 10 }, (_, at) => digits[Math.floor(ms / 32 ** (9 - at)) % 32]).join("");
}

describe("a path that was mistyped", () => {
  test.each(["verify", "restore"])("%s makes nothing and says so", async (script) => {
    const path = join(parent, "typo");
    const { code, output } = await tool(script, "--data", path);
    expect([code, output]).toEqual([1, `sherd: there is no data folder ${path}: nothing was looked at or made\n`]);
    await expect(readdir(path)).rejects.toThrow(/ENOENT/);
  });

  test("nor is any folder a data folder", async () => {
    const path = join(parent, "something");
    await mkdir(path, { recursive: true });
    const { code, output } = await tool("verify", "--data", path);
    expect([code, output]).toEqual([1, expect.stringMatching(/is no data folder of Sherd: it has neither/)]);
    expect(await readdir(path)).toEqual([]);
  });

  test("a store without snapshots says so", async () => {
    const path = join(parent, "young");
    await (await start(path)).stop();
    const { code, output } = await tool("restore", "--data", path, "--list");
    expect([code, output]).toEqual([0, "there is no whole snapshot on the drives\n"]);
  });
}, 60_000);

test("a build that is kept is found again, and made anew when a source has changed", async () => {
  const server = await start(dataDir);
  await server.stop();
  const kept = join(root, "node_modules/.cache/sherd-build");
  const newest = await readFile(join(kept, "newest"), "utf8");
  const build = JSON.parse(await readFile(join(kept, newest, "build.json"), "utf8"));
  expect(build.inputs).toMatchObject({
    "src/index.ts": expect.stringMatching(/^\w{64}$/),
    "local/launcher.ts": expect.anything(),
  });
  const { findBuild } = await import("../../local/build/kept-build.mjs");
  expect(findBuild(root)).toBe(join(kept, newest));
}, 60_000);
