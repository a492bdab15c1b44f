import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleWorker } from "../../local/build/bundle.ts";
import { compatibilityDate, compatibilityFlags } from "../../local/compatibility.ts";
import { applyMigrations } from "../../local/migrations.ts";
import { signRequest } from "../support/signer.ts";
import { pattern } from "../support/store.ts";

const root = join(import.meta.dirname, "../..");
const key = { accessKeyId: "KEY", secret: "secret" };
const NAMES = ["DB", "DB_2", "DB_3"];
const BUCKETS = 12;

let miniflare: Miniflare;
let endpoint: URL;
beforeAll(async () => {
  const { entry, script, wasm } = await bundleWorker(join(root, "src/index.ts"));
  const drives = Array.from({ length: 6 }, (_, n) => ({
    name: `drive-${n + 1}`,
    type: "r2",
    binding: `DRIVE_${n + 1}`,
  }));
  const vars = {
    SHERD_ACCESS_KEY_ID: key.accessKeyId,
    SHERD_SECRET_ACCESS_KEY: key.secret,
    SHERD_DRIVES: JSON.stringify(drives),
    SHERD_DATABASES: NAMES.join(", "),
  };
  miniflare = new Miniflare({
    cf: false,
    workers: [
      {
        config: {
          name: "sherd",
          compatibilityDate,
          compatibilityFlags,
          manifest: {
            mainModule: entry,
            modules: {
              [entry]: { type: "esm", contents: script },
              ...Object.fromEntries([...wasm].map(([name, contents]) => [name, { type: "wasm" as const, contents }])),
            },
          },
          env: {
            ...Object.fromEntries(NAMES.map((name) => [name, { type: "d1" as const, id: name }])),
            ...Object.fromEntries(drives.map(({ binding }) => [binding, { type: "r2" as const, name: binding }])),
            ...Object.fromEntries(
              Object.entries(vars).map(([name, value]) => [name, { type: "text" as const, value }]),
            ),
          },
        },
      },
    ],
  });
  endpoint = await miniflare.ready;
  const bindings = await miniflare.getBindings<Record<string, D1Database>>();
  for (const name of NAMES) await applyMigrations(bindings[name]!, join(root, "migrations"));
}, 60_000);
afterAll(() => miniflare?.dispose());

async function send(method: string, path: string, body?: Uint8Array, more: Record<string, string> = {}) {
  const url = new URL(path, endpoint).href;
  const headers = { ...more, ...(body && { "content-length": `${body.length}` }) };
  const signed = signRequest({ method, url, headers, ...(body && { body }), nowMs: Date.now(), ...key });
  const { host: _, ...sent } = Object.fromEntries(new Headers(signed.headers));
  return fetch(url, { method, headers: sent, ...(body && { body: Buffer.from(body) }) });
}

test("buckets spread over the databases that the Worker has, and objects are copied from one to another", async () => {
  const names = Array.from({ length: BUCKETS }, (_, n) => `bucket-${n}`);
  for (const name of names) expect((await send("PUT", `/${name}`)).status).toBe(200);
  const listed = await (await send("GET", "/")).text();
  expect(listed.match(/<Name>[^<]*/g)?.map((element) => element.slice("<Name>".length))).toEqual([...names].sort());

  const bindings = await miniflare.getBindings<Record<string, D1Database>>();
  const { results } = await bindings.DB!.prepare("SELECT bucket, database FROM placements").all();
  const placed = new Map(results.map(({ bucket, database }) => [bucket as string, database as string]));
  expect(placed.size).toBe(BUCKETS);
  for (const name of NAMES) {
    const own = await bindings[name]!.prepare("SELECT name FROM buckets").all();
    expect(own.results.map((row) => placed.get(row.name as string))).toEqual(own.results.map(() => name));
    const { meta } = await bindings[name]!.prepare("SELECT 1").run();
    expect(meta.size_after).toBeGreaterThan(0);
  }

  // By lot: that all of them fall on one database happens once in 3^11 runs.
  const elsewhere = names.find((name) => placed.get(name) !== placed.get("bucket-0")) as string;
  for (const bytes of [pattern(1_000), pattern(1_000_000)]) {
    expect((await send("PUT", "/bucket-0/source", bytes)).status).toBe(200);
    const source = { "x-amz-copy-source": "/bucket-0/source" };
    expect((await send("PUT", `/${elsewhere}/copy`, undefined, source)).status).toBe(200);
    expect((await send("DELETE", "/bucket-0/source")).status).toBe(204);
    expect(new Uint8Array(await (await send("GET", `/${elsewhere}/copy`)).arrayBuffer())).toEqual(bytes);
  }
  expect((await send("GET", "/no-such-bucket/key")).status).toBe(404);
  expect((await fetch(new URL("/-/health", endpoint))).status).toBe(200);
}, 60_000);

test("the cron trigger runs the jobs of each", async () => {
  const { outcome } = await (await miniflare.getWorker()).scheduled({ cron: "*/5 * * * *" });
  expect(outcome).toBe("ok");
  const authorization = `Basic ${Buffer.from(`${key.accessKeyId}:${key.secret}`).toString("base64")}`;
  const report = await (await fetch(new URL("/-/durability", endpoint), { headers: { authorization } })).json();
  expect(report).toMatchObject({ green: true, databases: NAMES.map((name) => ({ name })) });
  expect((report as { jobs: { name: string }[] }).jobs.map(({ name }) => name)).toEqual(
    expect.arrayContaining(NAMES.map((name) => `${name}/walk`)),
  );
}, 60_000);
