import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { bundleWorker } from "../../local/build/bundle.ts";
import type { ServerModules } from "../../local/build/modules.ts";
import { type ServerOptions, startServer } from "../../local/server.ts";

const root = join(import.meta.dirname, "../..");
const counts = `\nexport const counts = { fetch: () => new Response("counted") };`;
let folder: string;
let services: Pick<ServerModules, "metadataService" | "scheduleService">;
beforeAll(async () => {
  const bundle = (name: string) => bundleWorker(join(root, "local/workerd", `${name}-service.ts`));
  services = { metadataService: await bundle("metadata"), scheduleService: await bundle("schedule") };
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
  for (const name of ["metadata", "tmp"]) await mkdir(join(folder, name));
});
afterEach(() => rm(folder, { recursive: true, maxRetries: 5 }));

/** Starts a server whose Worker is `script`. */
function start(script: string, more: Partial<ServerOptions> = {}) {
  return startServer({
    root,
    modules: () => ({ worker: { entry: "index.js", script: script + counts, wasm: new Map() }, ...services }),
    host: "127.0.0.1",
    port: 0,
    fronts: 1,
    metadataPath: join(folder, "metadata"),
    drivePaths: [],
    temporaryPath: join(folder, "tmp"),
    vars: {},
    answerHost: async (path) => (path === "/told" ? { told: "by the launcher" } : undefined),
    beforeClients: async () => {},
    onLog: () => {},
    onProcesses: () => {},
    onLost: () => {},
    ...more,
  });
}

test("variables reach the Worker as they are, whatever they are called", { tags: ["slow"] }, async () => {
  const vars = {
    SHERD_PLAIN: "a",
    "SHERD_A-B": "hyphen",
    "SHERD_A.B c": "dot and space",
    'SHERD_\u00fc"': "quote",
    SHERD_LINES: `a\nb'"$(id)\u00e9\n`,
    SHERD_LONG: "x".repeat(100_000),
    SHERD_DISK_FOLDER: "what the server says instead",
  };
  const script = `export default { fetch: (_, { DB, DB_READS, DB_BATCHES, HOST, WEBHOOKS, SHERD_FRONTS, ...env }) => Response.json(env) };`;
  const { port, stop } = await start(script, { vars });
  const seen = await (await fetch(`http://127.0.0.1:${port}/`)).json();
  await stop(0);
  expect(seen).toEqual({ ...vars, SHERD_DISK_FOLDER: "drive" });
});

test("what was said last is told before a stop is over, each message as one", async () => {
  const lines = "a\nb\r\nc\rd\u2028e\u2029f";
  const script = `export default {
    async fetch() {
      console.log("begun");
      await scheduler.wait(200);
      for (let line = 0; line < 1000; line++) console.log("line " + line);
      console.log(${JSON.stringify(lines)});
      return new Response("done");
    }
  };`;
  const told: string[] = [];
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const onLog = (_: string, message: string) => {
    told.push(message);
    begin();
  };
  const { port, stop } = await start(script, { onLog });
  const response = fetch(`http://127.0.0.1:${port}/`);
  await begun;
  await stop(5_000);
  expect(await (await response).text()).toBe("done");
  expect(told).toEqual(["begun", ...Array.from({ length: 1000 }, (_, line) => `line ${line}`), lines]);
});

test("the Worker can ask the launcher, and each process can be asked what it counted", { tags: ["slow"] }, async () => {
  const script = `export default {
    async fetch(request, { HOST }) {
      const { status, body } = await HOST.fetch(request.url);
      return new Response(body, { status });
    }
  };`;
  const { port, stop, countsSockets } = await start(script, { fronts: 2 });
  const asked = await fetch(`http://127.0.0.1:${port}/told`);
  expect([asked.status, await asked.json()]).toEqual([200, { told: "by the launcher" }]);
  expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(404);
  expect([...countsSockets.keys()]).toEqual(["metadata", "front-1", "front-2"]);
  for (const socketPath of countsSockets.values()) {
    const counted = await new Promise<string>((resolve, reject) =>
      get({ socketPath, path: "/" }, (response) => text(response).then(resolve, reject)).on("error", reject),
    );
    expect(counted).toBe("counted");
  }
  await stop(0);
});
