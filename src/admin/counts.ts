import { isolateMetrics, type Observed } from "./isolate-metrics.ts";

/**
 * A handler that answers with all counters of the isolate as JSON: `{ isolate, metrics }`, where `isolate`
 * is a random name that no other isolate has; at `/errors` with the requests that failed last. It asks for no key: whoever mounts it lets
 * nobody else reach it.
 */
export function createCountsHandler(observed: Observed): { fetch(request?: Request): Response } {
  // Made at the first call: a Worker has no random numbers while it starts.
  let isolate: string | null = null;
  return {
    fetch(request) {
      if (request !== undefined && new URL(request.url).pathname === "/errors") {
        return Response.json(observed.errors?.() ?? []);
      }
      isolate ??= crypto.randomUUID();
      return Response.json({ isolate, metrics: isolateMetrics(observed) });
    },
  };
}
