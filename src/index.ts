import { createMisconfiguredApp } from "./admin/misconfigured-app.ts";
import { createOwnApp, isOwnPath } from "./admin/own-app.ts";
import { ownPages } from "./admin/pages.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { rootRing } from "./auth/keys/ring.ts";
import { rootKey } from "./auth/keys/root-key.ts";
import { ByteBudget } from "./base/byte-budget.ts";
import { systemClock } from "./base/clock.ts";
import type { DriveCounts } from "./drives/counted.ts";
import { openDrives } from "./drives/open.ts";
import type { Edge } from "./edge/edge.ts";
import { RequestMetrics } from "./edge/request-metrics.ts";
import { type Lifetime, serve } from "./edge/serve.ts";
import { type EdgeVariables, readEdgeVariables } from "./edge/variables.ts";
import { ErasureEngine } from "./erasure/engine.ts";
import kernel from "./erasure/kernel.wasm";
import { isIdle, runJobs } from "./maintenance/run/run-jobs.ts";
import { CostMeter } from "./metadata/database.ts";
import { openMetadata } from "./metadata/open.ts";
import { s3Service } from "./services/s3/service.ts";
import { unavailable } from "./services/s3/unavailable.ts";
import { openStores } from "./store/buckets/databases.ts";
import { readConfiguration, variablesIn } from "./store/configuration.ts";
import type { StoreContext } from "./store/context.ts";
import { DriveLatency } from "./store/read/drive-latency.ts";
import { watchedDrives } from "./store/watched-drives.ts";
import { BUFFERED_BYTES_MAX } from "./store/write/blob-layouts.ts";

/** Bindings, variables and secrets of the Worker; docs/configuration.md explains each. */
interface Env extends EdgeVariables {
  SHERD_ACCESS_KEY_ID?: string;
  SHERD_SECRET_ACCESS_KEY?: string;
  SHERD_DRIVES: unknown;
  SHERD_PROCESS?: string;
  [name: string]: unknown;
}

type App = (request: Request, lifetime: Lifetime) => Response | Promise<Response>;

const log = { info: (line: string) => console.log(line), error: (line: string) => console.error(line) };
const clock = systemClock;
const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));

// At start-up, because what one request begins must not be waited for by another.
const engine = await ErasureEngine.create(kernel);

/** What this isolate has asked of D1 and of its drives. */
const cost = new CostMeter();
const counts = new Map<string, DriveCounts>();

function buildStore(env: Env): StoreContext {
  const { settings, drives: specs } = readConfiguration(env);
  const parts = { clock, random, counts, fetch: (...call: Parameters<typeof fetch>) => fetch(...call) };
  const databases = openMetadata(env, cost.observe);
  const watched = watchedDrives(openDrives(specs, env, parts), databases);
  const shardMemory = new ByteBudget(BUFFERED_BYTES_MAX);
  const latency = new DriveLatency();
  const tell = (line: string) => log.error(line);
  return openStores(databases, { ...watched, latency, engine, shardMemory, clock, random, settings, tell });
}

function buildApp(env: Env): App {
  try {
    store ??= buildStore(env);
    const { baseDomains, ...settings } = readEdgeVariables(env);
    const metrics = new RequestMetrics();
    const authenticator = new Authenticator(rootRing(rootKey(env.SHERD_ACCESS_KEY_ID, env.SHERD_SECRET_ACCESS_KEY)));
    const s3 = s3Service({ store, baseDomains, log });
    const edge: Edge = { ...settings, services: [s3], authenticator, clock, random, log, metrics };
    const observed = { drives: counts, cost, requests: () => metrics.metrics(), process: env.SHERD_PROCESS };
    const own = createOwnApp(store, ownPages(store, observed), { ...edge, confirm: async () => {} });
    const isOwn = (url: string) => isOwnPath(url, (hostname) => s3.bucketOfHost?.(hostname) ?? null);
    return (request, lifetime) => (isOwn(request.url) ? own.fetch(request) : serve(request, edge, lifetime));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error(`sherd cannot work: ${message}`);
    const app = createMisconfiguredApp(variablesIn(message), unavailable);
    return (request) => app.fetch(request);
  }
}

/** Both built once an isolate, from the environment of its first request; every request of an isolate has the same one. */
let store: StoreContext | undefined;
let app: App | undefined;

export default {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    app ??= buildApp(env);
    return app(request, context);
  },

  async scheduled(_event: ScheduledController, env: Env): Promise<void> {
    store ??= buildStore(env);
    const reports = await runJobs(store);
    if (!isIdle(reports)) console.log(`maintenance ${JSON.stringify(Object.fromEntries(reports))}`);
  },
};
