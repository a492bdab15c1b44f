import type { Edge, Log } from "./edge.ts";
import type { RecentError } from "./recent-errors.ts";
import { sourceAddress } from "./request-facts.ts";
import { type RequestLine, toJsonLine, toTextLine } from "./request-line.ts";
import type { ExchangeHead } from "./service.ts";

/** Counts the exchange, remembers it if it is an error, and writes its line in the log if that is wanted. */
export function logEnd(edge: Edge, about: ExchangeHead, response: Response): void {
  const { clock, log, logRequests, metrics } = edge;
  const { request, url, requestId, operation, error } = about;
  const ms = clock.now() - about.receivedMs;
  const [receivedBytes, sentBytes] = [declaredBytes(request.headers), declaredBytes(response.headers)];
  metrics.record({ operation, status: response.status, ms, receivedBytes, sentBytes });
  if (response.status >= 400) metrics.errors.note(recentError(about, response.status));
  if (logRequests === null) return;
  const client = sourceAddress(request, edge.clientAddress);
  const line: RequestLine = {
    request: requestId,
    time: new Date(about.receivedMs).toISOString(),
    ...(client === null ? {} : { client }),
    ...{ method: request.method, path: url.rawPath, operation, status: response.status },
    ...(error === undefined ? {} : { error }),
    ms,
  };
  log.info(logRequests === "json" ? toJsonLine(line) : toTextLine(line));
}

function recentError(about: ExchangeHead, status: number): RecentError {
  const { url, receivedMs: atMs, requestId, operation, error, service } = about;
  const bucketOfPath = () => url.rawPath.split("/", 2)[1] ?? null;
  const bucket = service?.bucketOfHost === undefined ? null : (service.bucketOfHost(url.hostname) ?? bucketOfPath());
  return { atMs, status, code: error ?? null, operation, service: service?.name ?? "s3", bucket, requestId };
}

/** A line for the server's operator. Neither headers nor the query are in it: they may hold signatures. */
export function logFailure(log: Log, about: ExchangeHead, { what, cause }: { what: string; cause: unknown }): void {
  const { request, url, requestId } = about;
  log.error(`${requestId} ${request.method} ${url.rawPath}: ${what}: ${describe(cause)}`);
}

function declaredBytes(headers: Headers): number {
  const bytes = Number(headers.get("content-length") ?? 0);
  return Number.isSafeInteger(bytes) ? bytes : 0;
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const deeper = cause.cause === undefined ? "" : `\n  caused by ${describe(cause.cause)}`;
  // An expected failure says all in its message: where in the code it was thrown helps nobody.
  if (cause.name === "StoreError") return `${cause.message}${deeper}`;
  const failure = "failure" in cause ? ` ${JSON.stringify(cause.failure)}` : "";
  return `${cause.stack ?? cause.message}${failure}${deeper}`;
}
