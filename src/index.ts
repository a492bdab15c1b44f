import { createCountsHandler } from "./admin/counts.ts";
import { createMisconfiguredApp } from "./admin/misconfigured-app.ts";
import { ownPages } from "./admin/pages.ts";
import { ByteBudget } from "./base/byte-budget.ts";
import { systemClock } from "./base/clock.ts";
import type { DriveCounts } from "./drives/counted.ts";
import { openDrives } from "./drives/open.ts";
import { RequestMetrics } from "./edge/request-metrics.ts";
import { ErasureEngine } from "./erasure/engine.ts";
import kernel from "./erasure/kernel.wasm";
import { isIdle, runJobs } from "./maintenance/run/run-jobs.ts";
import { CostMeter } from "./metadata/database.ts";
import { openMetadata } from "./metadata/open.ts";
import { createApp } from "./services/s3/app.ts";
import { createFront, type FrontVariables } from "./services/s3/front.ts";
import { openStores } from "./store/buckets/databases.ts";
import { readConfiguration, variablesIn } from "./store/configuration.ts";
import type { StoreContext } from "./store/context.ts";
import { openHost } from "./store/host.ts";
import { withReserve } from "./store/placement/reserved-drives.ts";
import { DriveLatency } from "./store/read/drive-latency.ts";
import { BUFFERED_BYTES_MAX } from "./store/write/blob-layouts.ts";

/** Bindings, variables and secrets of the Worker; docs/configuration.md explains each. */
interface Env extends FrontVariables {
  SHERD_DRIVES: unknown;
  [name: string]: unknown;
}

const log = { info: (line: string) => console.log(line), error: (line: string) => console.error(line) };

// At start-up, because what one request begins must not be waited for by another.
const engine = await ErasureEngine.create(kernel);

/** What this isolate has asked of D1 and of its drives. */
const cost = new CostMeter();
const driveCounts = new Map<string, DriveCounts>();
const requests = new RequestMetrics();
const observed = { drives: driveCounts, cost, requests: () => requests.metrics() };

function buildStore(env: Env): StoreContext {
  const clock = systemClock;
  const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const { settings, drives: specs } = readConfiguration(env);
  const parts = { clock, random, counts: driveCounts, fetch: (...call: Parameters<typeof fetch>) => fetch(...call) };
  const host = openHost(env.HOST, () => clock.now());
  const opened = openDrives(specs, env, parts);
  const drives = host ? opened.map((drive) => withReserve(drive, host)) : opened;
  const databases = openMetadata(env, cost.observe);
  const shardMemory = new ByteBudget(BUFFERED_BYTES_MAX);
  const latency = new DriveLatency();
  return openStores(databases, {
    ...{ drives, latency, engine, shardMemory, clock, random, settings },
    ...(host ? { host, space: host } : {}),
  });
}

function buildApp(env: Env): ReturnType<typeof createApp> {
  try {
    store ??= buildStore(env);
    return createApp(createFront(env, store, { log, metrics: requests, ownPages: ownPages(store, observed) }));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error(`sherd cannot work: ${message}`);
    return createMisconfiguredApp(variablesIn(message));
  }
}

/** Both built once an isolate, from the environment of its first request; every request of an isolate has the same one. */
let store: StoreContext | undefined;
let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    app ??= buildApp(env);
    return app.fetch(request, env, context);
  },

  async scheduled(_event: ScheduledController, env: Env): Promise<void> {
    store ??= buildStore(env);
    const reports = await runJobs(store);
    if (!isIdle(reports)) console.log(`maintenance ${JSON.stringify(Object.fromEntries(reports))}`);
  },
};

/** What this isolate has counted, for the launcher of `npm start`, which adds up over its processes. No URL leads here. */
export const counts = createCountsHandler({ ...observed, oldestRequestMs: () => requests.oldestRequestMs });
