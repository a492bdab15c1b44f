import { Authenticator } from "../../src/auth/authenticator.ts";
import type { KeyRing } from "../../src/auth/keys/key-ring.ts";
import { rootRing } from "../../src/auth/keys/ring.ts";
import { rootKey } from "../../src/auth/keys/root-key.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { RateLimiter } from "../../src/edge/rate-limiter.ts";
import { RequestMetrics } from "../../src/edge/request-metrics.ts";
import { serve } from "../../src/edge/serve.ts";
import { s3Service } from "../../src/services/s3/service.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deafEvents } from "./events.ts";

/** S3 over a store in this process, as `src/index.ts` wires it: with a root key and nobody else, or with all that a ring has. */
export function s3App(store: StoreContext, keys: { accessKeyId: string; secret: string } | KeyRing) {
  const log = { info: () => {}, error: () => {} };
  const ring = "find" in keys ? keys : rootRing(rootKey(keys.accessKeyId, keys.secret));
  const edge = {
    services: [s3Service({ store, baseDomains: [], log, events: deafEvents(store) })] as const,
    authenticator: new Authenticator(ring),
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" } as const,
    clock: store.clock,
    random: store.random,
    log,
    logRequests: null,
    metrics: new RequestMetrics(),
    limiter: new RateLimiter(store.clock, {}),
  };
  return (request: Request): Promise<Response> => serve(request, edge, { waitUntil: () => {} });
}
