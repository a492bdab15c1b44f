import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchClient } from "../support/http-client.ts";
import { resetPeak, residentMemory } from "../support/process-usage.ts";
import { prepare } from "../support/sherd-server.ts";
import type { SherdEndpoint } from "./contests.ts";

export interface MemoryRow {
  op: string;
  implementation: string;
  /** Bodies under way at the same time, and bytes of each. */
  concurrent: number;
  bytes: number;
  /** Resident before, at most meanwhile, and the difference. */
  beforeBytes: number;
  peakBytes: number;
  growthBytes: number;
  ms: number;
  target: string;
  met: boolean;
}

/** How many bodies at once, of how many bytes, and by how much memory may grow. */
export interface Crowd {
  concurrent: number;
  bodyBytes: number;
  growthBytesMax: number;
}

export const CROWDS: readonly Crowd[] = [
  { concurrent: 10, bodyBytes: 100_000_000, growthBytesMax: 100_000_000 },
  { concurrent: 16, bodyBytes: 64 * 1024 * 1024, growthBytesMax: 120_000_000 },
];
const WARM_UPS = 2;
/**
 * Bodies at once in a warm-up: enough that each process of the server gets some, and has its code
 * in memory.
 */
const WARM_BODIES = 4;
/** Lets what the requests before have left be freed. */
const REST_MS = 1000;
const bucket = "memory";

/**
 * How much the resident memory of the server's workerds grows, summed up, while a crowd of bodies
 * is uploaded, and then downloaded, at once. They have served a few bodies of that size before.
 * Pass a fresh server. Empty if the system does not report it.
 */
export async function measureMemory(client: BenchClient, sherd: SherdEndpoint, crowd: Crowd): Promise<MemoryRow[]> {
  const body = randomBytes(crowd.bodyBytes);
  const unsigned = { mode: "unsigned" } as const;
  const put = (key: string) =>
    client.expect(prepare(sherd.endpoint, { method: "PUT", bucket, key, body, payload: unsigned }));
  const get = (key: string) => client.expect(prepare(sherd.endpoint, { method: "GET", bucket, key }), body);
  await client.expect(prepare(sherd.endpoint, { method: "PUT", bucket }));
  const warm = Array.from({ length: WARM_BODIES }, (_, index) => `warm-${index}`);
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) {
    await Promise.all(warm.map(put));
    await Promise.all(warm.map(get));
  }

  const keys = Array.from({ length: crowd.concurrent }, (_, index) => `body-${index}`);
  const uploads = await growth(sherd, { op: "PUT", ...crowd }, () => Promise.all(keys.map(put)));
  const downloads = await growth(sherd, { op: "GET", ...crowd }, () => Promise.all(keys.map(get)));
  sherd.sweep();
  return [uploads, downloads].filter((row) => row !== null);
}

async function growth(
  { name, pids }: SherdEndpoint,
  { op, concurrent, bodyBytes, growthBytesMax }: Crowd & { op: string },
  work: () => Promise<unknown>,
): Promise<MemoryRow | null> {
  await sleep(REST_MS);
  const before = residentMemory(pids);
  if (before === null || !resetPeak(pids)) return null;
  const startedMs = performance.now();
  await work();
  const ms = performance.now() - startedMs;
  const peakBytes = residentMemory(pids)?.peakBytes ?? Number.NaN;
  const growthBytes = peakBytes - before.nowBytes;
  return {
    op,
    implementation: name,
    concurrent,
    bytes: bodyBytes,
    beforeBytes: before.nowBytes,
    peakBytes,
    growthBytes,
    ms,
    target: `growth < ${growthBytesMax / 1e6} MB`,
    met: growthBytes < growthBytesMax,
  };
}
