import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compatibilityDate, compatibilityFlags } from "../../local/compatibility.ts";
import type { Metric } from "../../src/base/prometheus.ts";
import { runLauncher, startServer, type TestServer } from "../support/server.ts";

const root = join(import.meta.dirname, "../..");

let dataDir: string;
const servers: TestServer[] = [];
beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), "sherd-test-")), "data");
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
  await rm(join(dataDir, ".."), { recursive: true, maxRetries: 5 });
});

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer({ dataDir, ...options });
  servers.push(server);
  return server;
}

async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that has ended and waits for its parent to notice does not count.
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) Z /.test(state);
}

/** How many requests a front has served, by its own account. */
async function servedBy(front: number): Promise<number> {
  const [run = ""] = (await readdir(join(dataDir, "tmp"))).filter((name) => name.startsWith("run-"));
  const socketPath = join(dataDir, "tmp", run, String(front), "counts.sock");
  const { metrics } = await new Promise<{ metrics: Metric[] }>((resolve, reject) => {
    const call = get({ socketPath, path: "/" }, (response) =>
      json(response).then((value) => resolve(value as never), reject),
    );
    call.on("error", reject);
  });
  const served = metrics.find(({ name }) => name === "sherd_requests_total")?.samples ?? [];
  return served.reduce((sum, { value }) => sum + value, 0);
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not come true within twenty seconds");
}

describe("a start", () => {
  test("makes keys that only the owner can read, prints them once, and keeps them", async () => {
    const first = await start();
    const { mode } = await stat(join(dataDir, "credentials.json"));
    expect((mode & 0o777).toString(8)).toBe("600");
    expect(((await stat(dataDir)).mode & 0o777).toString(8)).toBe("700");
    for (const text of [
      first.endpoint,
      first.accessKeyId,
      first.secretAccessKey,
      "boto3.client(",
      "aws --endpoint-url",
    ]) {
      expect(first.output()).toContain(text);
    }
    expect(await first.stop()).toBe(0);
    const second = await start();
    expect(second.accessKeyId).toBe(first.accessKeyId);
    expect(second.output()).toContain(join(dataDir, "credentials.json"));
    expect(second.output()).not.toContain(first.secretAccessKey);
  });

  test("takes keys from the environment and writes them nowhere", async () => {
    const env = { SHERD_ACCESS_KEY_ID: "from-outside", SHERD_SECRET_ACCESS_KEY: "not-to-be-kept-or-shown" };
    const server = await start({ env });
    expect(server.output()).toContain("from-outside");
    expect(server.output()).not.toContain("not-to-be-kept-or-shown");
    await expect(stat(join(dataDir, "credentials.json"))).rejects.toThrow(/ENOENT/);
  });

  test("needs neither a short path for its sockets nor the certificates that Node is told of", async () => {
    dataDir = join(dataDir, "ü".repeat(40), `it's "new"\n\u001b`);
    const before = await readdir("/tmp");
    const server = await start({ env: { NODE_EXTRA_CA_CERTS: join(dataDir, "none.pem") } });
    expect((await fetch(new URL("/-/health", server.endpoint))).status).toBe(200);
    await server.kill();
    const left = async () =>
      (await readdir("/tmp")).filter((name) => /^sherd-\w{6}$/.test(name) && !before.includes(name));
    await eventually(async () => (await left()).length === 0);
  });

  test("logs one line per request, and none with --quiet", async () => {
    const server = await start();
    const lines = () => server.output().split("\n");
    await eventually(async () =>
      lines().some((line) => /^\S+Z 127\.0\.0\.1 GET \/ ListBuckets 403 AccessDenied \d+ms \w{16}$/.test(line)),
    );
    await server.stop();
    const quiet = await start({ args: ["--quiet"] });
    await fetch(quiet.endpoint);
    await quiet.stop();
    expect(quiet.output()).not.toContain(" GET ");
  });
}, 120_000);

describe("a refusal is one line and exit code 1", () => {
  test("port taken", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as { port: number };
    const refused = await runLauncher(["--port", String(port), "--data", dataDir]);
    blocker.close();
    expect(refused).toEqual({
      code: 1,
      output: `sherd: port ${port} on 127.0.0.1 is already in use: stop what uses it, or choose another with --port\n`,
    });
  });

  test("address of another machine", async () => {
    const refused = await runLauncher(["--host", "192.0.2.1", "--data", dataDir]);
    expect(refused).toEqual({
      code: 1,
      output: expect.stringMatching(/^sherd: 192\.0\.2\.1 is not an address of this machine.*\n$/),
    });
  });

  test("data folder that cannot be written", async () => {
    // Not writable even for root.
    const refused = await runLauncher(["--port", "0", "--data", "/sys/sherd-data"]);
    expect(refused).toEqual({
      code: 1,
      output: expect.stringMatching(/^sherd: the data folder \/sys\/sherd-data cannot be written.*\n$/),
    });
  });

  test("data folder in use", async () => {
    await start();
    const refused = await runLauncher(["--port", "0", "--data", dataDir]);
    expect(refused).toEqual({
      code: 1,
      output: `sherd: another Sherd is already running on the data folder ${dataDir}\n`,
    });
  });

  test("half a key pair", async () => {
    const refused = await runLauncher(["--port", "0", "--data", dataDir], { SHERD_ACCESS_KEY_ID: "half" });
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(/^sherd: .*set both or neither\n$/) });
  });

  test.each([
    ["no JSON", { SHERD_DRIVES: "[{" }, /SHERD_DRIVES cannot be used:\n- it is not JSON/],
    [
      "a binding that is not there, and an endpoint without its secrets",
      {
        SHERD_DRIVES: JSON.stringify([
          { name: "one", type: "disk", binding: "DRIVE_9" },
          {
            name: "two",
            type: "s3",
            endpoint: "https://s3.example.com",
            region: "auto",
            bucket: "shards",
            accessKeyIdSecret: "SHERD_ID",
            secretAccessKeySecret: "SHERD_KEY",
          },
        ]),
        SHERD_ID: "never-shown",
      },
      /- drive 1 \("one"\) names the binding DRIVE_9.*\n- drive 2 \("two"\) names the secret SHERD_KEY/,
    ],
    ["too few drives", { SHERD_STORAGE_CLASSES: "STANDARD=8+4" }, /STANDARD has geometry 8\+4 and needs 12 drives/],
    ["no number", { SHERD_GRACE_SECONDS: "a day" }, /SHERD_GRACE_SECONDS must be a whole number/],
    ["databases that are not there", { SHERD_DATABASES: "DB, DB_2" }, /SHERD_DATABASES: there is no D1 binding DB_2/],
  ])("a configuration that cannot be used: %s", async (_, env, message) => {
    const refused = await runLauncher(["--port", "0", "--data", dataDir], env);
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(message) });
    expect(refused.output).toMatch(/^sherd: the configuration cannot be used: /);
    expect(refused.output).not.toMatch(/listening|never-shown/);
    // A key pair is shown only by the start that makes it: this one made none.
    await expect(stat(join(dataDir, "credentials.json"))).rejects.toThrow(/ENOENT/);
  });

  test("unknown option", async () => {
    expect(await runLauncher(["--bucket", "x"])).toEqual({
      code: 1,
      output: expect.stringMatching(/^sherd: .*--bucket.*\n$/),
    });
  });
}, 120_000);

describe("an end", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends all processes, with 0", async (signal) => {
    const server = await start();
    expect(await server.stop(signal)).toBe(0);
    expect(server.workerdPids.length).toBeGreaterThan(1);
    for (const pid of server.workerdPids) expect(await isAlive(pid)).toBe(false);
    await expect(stat(join(dataDir, "sherd.pid"))).rejects.toThrow(/ENOENT/);
  });

  test("a killed launcher takes workerd with it, and the next start has port and folder", async () => {
    const server = await start();
    await server.kill();
    const port = Number(new URL(server.endpoint).port);
    const next = await start({ port });
    for (const pid of server.workerdPids) expect(await isAlive(pid)).toBe(false);
    expect(next.accessKeyId).toBe(server.accessKeyId);
  });

  test.each([
    ["metadata", 0],
    ["clients", 1],
  ])("the workerd of the %s is replaced when it dies, at the same address", async (_, index) => {
    const server = await start({ args: ["--processes", "1"] });
    const pid = server.workerdPids[index] as number;
    const isHealthy = () =>
      fetch(new URL("/-/health", server.endpoint)).then(
        ({ status }) => status === 200,
        () => false,
      );
    expect(await isHealthy()).toBe(true);
    process.kill(pid, "SIGKILL");
    await eventually(async () => !(await isAlive(pid)));
    await eventually(isHealthy);
    const noted = async () => JSON.parse(await readFile(join(dataDir, "sherd.pid"), "utf8")).workerdPids as number[];
    // Clients are answered before the metadata are back: reads do not need that process.
    await eventually(async () => (await noted())[index] !== pid);
    const workerdPids = await noted();
    expect(workerdPids).toHaveLength(2);
    expect(workerdPids[1 - index]).toBe(server.workerdPids[1 - index]);
    expect(await server.stop()).toBe(0);
    // Its unfinished files are swept by the next start, which knows by the note.
    await stat(join(dataDir, "sherd.pid"));
  });

  test.each([
    ["metadata", 0],
    ["clients", 1],
  ])("where the shell that keeps the workerd of the %s running is killed, all ends, with 1", async (_, index) => {
    const server = await start({ args: ["--processes", "1"] });
    const [, parent] =
      /^PPid:\t(\d+)$/m.exec(await readFile(`/proc/${server.workerdPids[index]}/status`, "utf8")) ?? [];
    process.kill(Number(parent), "SIGKILL");
    await eventually(async () => !(await isAlive(server.pid)));
    expect(await server.stop()).toBe(1);
    for (const pid of server.workerdPids) await eventually(async () => !(await isAlive(pid)));
    expect(server.output()).toMatch(/^sherd: a process of the server was killed/m);
  });

  test("several processes share the connections, and those of one that dies wait for the next", async () => {
    const server = await start({ args: ["--processes", "3"] });
    expect(server.workerdPids).toHaveLength(4);
    const ask = async () => {
      const response = await fetch(server.endpoint, { headers: { connection: "close" } });
      expect(response.status).toBe(403);
    };
    await eventually(async () => {
      await ask();
      const each = await Promise.all([1, 2, 3].map((front) => servedBy(front)));
      return each.every((count) => count > 0);
    });
    const pid = server.workerdPids[2] as number;
    process.kill(pid, "SIGKILL");
    await eventually(async () => !(await isAlive(pid)));
    for (let request = 0; request < 20; request++) await ask();
  });
}, 120_000);

test("a Node that is too old is told what to do", async () => {
  const script = `Object.defineProperty(process.versions, "node", { value: "20.1.0" }); await import("${join(root, "local/start.mjs")}");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, "close");
  expect(code).toBe(1);
  expect(output).toMatch(/^sherd: Node 22\.18 or newer is needed.*npm ci.*\n$/);
});

test("npm start and wrangler.toml run the Worker with the same compatibility settings", async () => {
  const toml = await readFile(join(root, "wrangler.toml"), "utf8");
  expect(/^compatibility_date = "(.*)"$/m.exec(toml)?.[1]).toBe(compatibilityDate);
  expect(JSON.parse(/^compatibility_flags = (.*)$/m.exec(toml)?.[1] ?? "")).toEqual(compatibilityFlags);
});
