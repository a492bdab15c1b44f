import { rootKeyRing } from "./access/keys.ts";
import { systemClock } from "./base/clock.ts";
import { parseDrives } from "./drives/config.ts";
import { openDrives } from "./drives/open.ts";
import { ErasureEngine } from "./erasure/engine.ts";
import kernel from "./erasure/kernel.wasm";
import { isIdle, runJobs } from "./maintenance/run-jobs.ts";
import { Metadata } from "./metadata/metadata.ts";
import { createApp } from "./s3/app.ts";
import type { Front } from "./s3/front.ts";
import { SigningKeyCache } from "./sigv4/signing-keys.ts";
import { listBuckets } from "./store/buckets.ts";
import type { StoreContext } from "./store/context.ts";
import { DriveLatency } from "./store/drive-latency.ts";
import { requireEnoughDrives } from "./store/placement.ts";
import { parseSettings } from "./store/settings.ts";

/** Bindings, variables and secrets of the Worker; docs/configuration.md explains each. */
interface Env {
  DB: D1Database;
  SHERD_DRIVES: unknown;
  SHERD_ACCESS_KEY_ID?: string;
  SHERD_SECRET_ACCESS_KEY?: string;
  SHERD_REGION?: string;
  SHERD_DOMAIN?: string;
  SHERD_LOG_REQUESTS?: string;
  [binding: string]: unknown;
}

// At start-up, because what one request begins must not be waited for by another.
const engine = await ErasureEngine.create(kernel);

function buildStore(env: Env): StoreContext {
  const clock = systemClock;
  const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const settings = parseSettings(env);
  const parts = { clock, random, fetch: (...call: Parameters<typeof fetch>) => fetch(...call) };
  const drives = openDrives(parseDrives(env.SHERD_DRIVES, env), env, parts);
  requireEnoughDrives(drives, settings);
  return {
    metadata: new Metadata(env.DB),
    drives,
    latency: new DriveLatency(),
    engine,
    clock,
    random,
    settings,
  };
}

function buildFront(env: Env, store: StoreContext): Front {
  const domains = (env.SHERD_DOMAIN ?? "").toLowerCase().split(",");
  return {
    store,
    keys: rootKeyRing(env.SHERD_ACCESS_KEY_ID, env.SHERD_SECRET_ACCESS_KEY),
    signingKeys: new SigningKeyCache(),
    baseDomains: domains.map((domain) => domain.trim()).filter((domain) => domain !== ""),
    logRequests: /^(1|true|yes)$/i.test(env.SHERD_LOG_REQUESTS ?? ""),
    log: { info: (line) => console.log(line), error: (line) => console.error(line) },
    isHealthy: () => listBuckets(store, { owner: "", prefix: "", after: "", limit: 1 }).then(yes, no),
  };
}

const yes = () => true;
const no = () => false;

/** Both built once an isolate, from the environment of its first request; every request of an isolate has the same one. */
let store: StoreContext | undefined;
let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    store ??= buildStore(env);
    app ??= createApp(buildFront(env, store));
    return app.fetch(request, env, context);
  },

  async scheduled(_event: ScheduledController, env: Env): Promise<void> {
    store ??= buildStore(env);
    const reports = await runJobs(store);
    if (!isIdle(reports)) console.log(`maintenance ${JSON.stringify(Object.fromEntries(reports))}`);
  },
};
