import { allPages } from "./admin/all-pages.ts";
import { type ConsoleBinding, openConsole } from "./admin/console-files.ts";
import { createCountsHandler } from "./admin/counts.ts";
import { createMisconfiguredApp } from "./admin/misconfigured-app.ts";
import { observeIsolate } from "./admin/observe-isolate.ts";
import { createOwnApp, isOwnPath } from "./admin/own-app.ts";
import type { Caller } from "./auth/access.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { type KeyVariables, openKeys, openSealer } from "./auth/keys/open-keys.ts";
import { KeyUses } from "./auth/keys/uses.ts";
import { systemClock } from "./base/clock.ts";
import { openOnce } from "./base/stored-secrets.ts";
import type { Edge } from "./edge/edge.ts";
import { openLimiter } from "./edge/rate-limiter.ts";
import { serve } from "./edge/serve.ts";
import type { Lifetime } from "./edge/service.ts";
import { type EdgeVariables, readEdgeVariables } from "./edge/variables.ts";
import { ErasureEngine } from "./erasure/engine.ts";
import kernel from "./erasure/kernel.wasm";
import { Announcer } from "./events/announcer.ts";
import { deliverRest, deliverToEndpoints, openEvents } from "./events/open-events.ts";
import { DataKeyring } from "./keyring/data-keyring.ts";
import { openKeyring } from "./keyring/open-keyring.ts";
import { openServiceKeys } from "./keyring/open-service-keys.ts";
import { AccessLog } from "./logging/access-log.ts";
import { deliverLogs } from "./logging/deliver-logs.ts";
import { runScheduled } from "./maintenance/run/run-scheduled.ts";
import { openQueries } from "./query/open-queries.ts";
import { Arrivals } from "./queues/arrivals.ts";
import type { SealingVariables } from "./sealing/read-sealing.ts";
import { athenaService } from "./services/athena/service.ts";
import { iamService } from "./services/iam/service.ts";
import { kmsService } from "./services/kms/service.ts";
import { visibleBucket } from "./services/s3/gate/visible-rows.ts";
import { CallersObjects } from "./services/s3/objects/object-access.ts";
import { s3Service } from "./services/s3/service.ts";
import { unavailable } from "./services/s3/unavailable.ts";
import type { WebsiteVariables } from "./services/s3/website/hosts.ts";
import { openWebsite } from "./services/s3/website/service.ts";
import { snsService } from "./services/sns/service.ts";
import { sqsService } from "./services/sqs/service.ts";
import { stsService } from "./services/sts/service.ts";
import { allStores } from "./store/buckets/databases.ts";
import type { StoreContext } from "./store/context.ts";
import { openStore } from "./store/open-store.ts";

/** Bindings, variables and secrets of the Worker; docs/configuration.md explains each. */
interface Env extends EdgeVariables, KeyVariables, SealingVariables, WebsiteVariables, ConsoleBinding {
  SHERD_DRIVES: unknown;
  [name: string]: unknown;
}

type App = (request: Request, lifetime: Lifetime) => Response | Promise<Response>;

const log = { info: (line: string) => console.log(line), error: (line: string) => console.error(line) };
const clock = systemClock;
const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
const surroundings = { clock, random, tell: log.error, fetch: (...call: Parameters<typeof fetch>) => fetch(...call) };

// At start-up, because what one request begins must not be waited for by another.
const engine = await ErasureEngine.create(kernel);

const accessLog = new AccessLog(clock, log);
const { cost, driveCounts, requests, observed } = observeIsolate([accessLog]);

function buildStore(env: Env): StoreContext {
  const keys = { keySealer: openSealer(env, random), openServiceKeys: openServiceKeys(env, surroundings) };
  return openStore(env, { ...surroundings, ...keys, counts: driveCounts, engine, observe: cost.observe });
}

function buildApp(env: Env): App {
  try {
    store ??= buildStore(env);
    const { baseDomains, ...settings } = readEdgeVariables(env);
    const keys = openKeys(env, { identities: store.metadata.identities, random, log });
    const authenticator = new Authenticator(keys?.ring ?? null);
    const arrivals = new Arrivals(clock);
    const events = openEvents(env, store, { ...surroundings, sealer: keys?.sealer ?? null, arrivals });
    const announcer = new Announcer(events, (error) => log.error(`events: ${String(error)}`));
    cost.onNews = () => announcer.note();
    const shared = { ...surroundings, identities: store.metadata.identities };
    const parts = keys && { ...shared, ...keys, metadata: store.metadata, arrivals };
    const { keySealers: sealers, accesses } = store;
    const { region } = store.settings;
    const keyring = sealers ? openKeyring(env, { ...shared, sealers, region }) : null;
    const dataKeyring = keyring && new DataKeyring(keyring, store.metadata.keyring);
    const dataKeys = dataKeyring && { dataKeysOf: (caller: Caller) => dataKeyring.forCaller(caller) };
    const queueKeys = dataKeyring && { queueKeysOf: (caller: Caller) => dataKeyring.forCaller(caller, "sqs") };
    const s3Parts = { store, baseDomains, log, events, accessLog, ...dataKeys };
    const s3 = s3Service(s3Parts);
    const kms = parts && keyring && kmsService({ ...parts, keyring });
    const queries = keys && openQueries(env, allStores(store), keys.sealer);
    const asking = queries && { queries, objects: new CallersObjects(s3Parts), seeBucket: visibleBucket, region };
    const athena = asking && parts && athenaService({ ...parts, ...asking });
    const sns = parts && events.topics && snsService({ ...parts, webhooks: events.topics.webhooks });
    const more =
      parts && kms && sns && athena
        ? [iamService(parts), stsService(parts), sqsService({ ...parts, ...queueKeys }), sns, kms, athena]
        : [];
    const services = [s3, ...more] as const;
    const uses = new KeyUses(store.metadata.identities, clock);
    const limiter = openLimiter(env, clock);
    const edge: Edge = { ...settings, limiter, services, authenticator, clock, random, log, metrics: requests, uses };
    const pages = allPages(store, { observed, keys, queries, seeBucket: visibleBucket, ...dataKeys });
    const own = createOwnApp(store, pages, edge, openConsole(env));
    const website = openWebsite(env, s3Parts);
    const websites: Edge = { ...edge, services: [website.service] };
    const isOwn = (url: string) => isOwnPath(url, (hostname) => s3.bucketOfHost?.(hostname) ?? null);
    return async (request, lifetime) => {
      // First of all: on a website's host there is nothing else, so that no script of an object's shares an origin with it.
      if (website.isFor(request.url)) return serve(request, websites, lifetime);
      const answer = await (isOwn(request.url) ? own.fetch(request) : serve(request, edge, lifetime));
      announcer.afterAnswer(lifetime);
      accesses?.afterAnswer(lifetime);
      return answer;
    };
  } catch (error) {
    return misconfigured(error);
  }
}

const misconfigured = (error: unknown): App => createMisconfiguredApp(error, { log, unavailable }).fetch;

/** All built once per isolate, from the environment of its first request or run: later ones may hold other secrets. */
let store: StoreContext | undefined;
const open = openOnce<Env, { app: App; env: Env | null }>(
  (env) => ({ env, app: buildApp(env) }),
  (error) => ({ env: null, app: misconfigured(error) }),
);

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    return (await open(env)).app(request, context);
  },

  async scheduled(_event: ScheduledController, bindings: Env): Promise<void> {
    const { env } = await open(bindings);
    if (env === null) return;
    store ??= buildStore(env);
    const events = openEvents(env, store, { ...surroundings, sealer: openSealer(env, random) });
    await deliverRest(events, log);
    await Promise.all([runScheduled(store, log), deliverToEndpoints(events, log), deliverLogs(store, log)]);
  },
};

/** What this isolate has counted, for the launcher of `npm start`, which adds up over its processes. No URL leads here. */
export const counts = createCountsHandler(observed);
