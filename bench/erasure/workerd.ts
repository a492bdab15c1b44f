import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { Log, LogLevel, Miniflare } from "miniflare";
import type { Contestant } from "./cases.ts";

const ERASURE = join(import.meta.dirname, "../../src/erasure");

async function bundle(): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, "worker.ts")],
    bundle: true,
    format: "esm",
    target: "es2024",
    external: ["node:*"],
    plugins: [
      {
        name: "wasm",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${path.split("/").pop()}`, external: true })),
      },
    ],
    write: false,
  });
  return result.outputFiles[0]!.text;
}

/**
 * CPU seconds of the workerd that this process started, all threads; if the system does not report
 * them, those of the clock.
 */
async function cpuClock(): Promise<() => Promise<number>> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const [, comm, , parent] = (await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")).split(/[\s()]+/);
    if (comm !== "workerd" || Number(parent) !== process.pid) continue;
    return async () => {
      const tasks = await readdir(`/proc/${pid}/task`);
      const times = tasks.map((task) => readFile(`/proc/${pid}/task/${task}/schedstat`, "utf8").catch(() => "0"));
      return (await Promise.all(times)).reduce((sum, text) => sum + Number(text.split(" ")[0]) / 1e9, 0);
    };
  }
  return async () => performance.now() / 1000;
}

/** Our engine, workerd's own checksums and the plain XOR sweep (`plainXor`, compiled) in one workerd. */
export async function workerdContestants(plainXor: Uint8Array): Promise<Contestant[]> {
  const kernel = new Uint8Array(await readFile(join(ERASURE, "kernel.wasm")));
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    enableDevRegistry: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.ERROR),
    workers: [
      {
        config: {
          name: "bench",
          compatibilityDate: "2026-11-09",
          compatibilityFlags: ["nodejs_compat"],
          manifest: {
            mainModule: "index.js",
            modules: {
              "index.js": { type: "esm", contents: await bundle() },
              "kernel.wasm": { type: "wasm", contents: kernel },
              "sweep.wasm": { type: "wasm", contents: new Uint8Array(plainXor) },
            },
          },
        },
      },
    ],
  });
  await miniflare.ready;
  const cpuSeconds = await cpuClock();
  const post = async (implementation: string, work: unknown, rounds: number) => {
    const body = JSON.stringify({ implementation, work, rounds });
    const start = await cpuSeconds();
    const response = await miniflare.dispatchFetch("http://bench/", { method: "POST", body });
    await response.arrayBuffer();
    if (!response.ok && response.status !== 404) throw new Error(`workerd answered ${response.status}`);
    return { isKnown: response.status !== 404, seconds: (await cpuSeconds()) - start };
  };
  const contestant = (implementation: string): Contestant => ({
    implementation,
    runtime: "workerd",
    // A request without rounds, just before, measures the cost of the request itself.
    run: async (work, rounds) => {
      const empty = await post(implementation, work, 0);
      if (!empty.isKnown) return null;
      const again = await post(implementation, work, 0);
      const full = await post(implementation, work, rounds);
      return Math.max(1e-6, full.seconds - Math.min(empty.seconds, again.seconds));
    },
    close: async () => {},
  });
  const contestants = ["sherd", "native", "plain"].map(contestant);
  return contestants.map((one, i) => (i === 0 ? { ...one, close: () => miniflare.dispose() } : one));
}
