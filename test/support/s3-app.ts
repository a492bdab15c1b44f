import { Authenticator } from "../../src/auth/authenticator.ts";
import { rootRing } from "../../src/auth/keys/ring.ts";
import { rootKey } from "../../src/auth/keys/root-key.ts";
import { RequestMetrics } from "../../src/edge/request-metrics.ts";
import { serve } from "../../src/edge/serve.ts";
import { s3Service } from "../../src/services/s3/service.ts";
import type { StoreContext } from "../../src/store/context.ts";

/** S3 over a store in this process, as `src/index.ts` wires it, with a root key and nobody else. */
export function s3App(store: StoreContext, key: { accessKeyId: string; secret: string }) {
  const log = { info: () => {}, error: () => {} };
  const edge = {
    services: [s3Service({ store, baseDomains: [], log })] as const,
    authenticator: new Authenticator(rootRing(rootKey(key.accessKeyId, key.secret))),
    clientAddress: { from: "connection" } as const,
    clock: store.clock,
    random: store.random,
    log,
    logRequests: null,
    metrics: new RequestMetrics(),
  };
  return (request: Request): Promise<Response> => serve(request, edge, { waitUntil: () => {} });
}
