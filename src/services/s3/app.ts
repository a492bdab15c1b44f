import { Hono } from "hono";
import { serveOwnPage } from "../../admin/serve-page.ts";
import { toBase64, toHex } from "../../base/bytes.ts";
import type { Answer } from "../../edge/answer.ts";
import { drain } from "../../edge/discard-body.ts";
import { type Responded, respond } from "../../edge/respond.ts";
import { readIfSmall } from "../../edge/send-body.ts";
import { outwaitContinue } from "../../edge/wait-for-continue.ts";
import { listBuckets } from "../../store/buckets/buckets.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError } from "../../store/failure.ts";
import { bucketOfHost, cutUrl } from "./address/target.ts";
import { corsAnswerHeaders } from "./cors/answer-headers.ts";
import { dispatch, type Trace } from "./dispatch.ts";
import type { S3Error } from "./errors/error.ts";
import { errorDocument, toS3Error } from "./errors/render-error.ts";
import type { Front } from "./front.ts";

/** Paths below this one are the server's own: no bucket can be named so. */
const OWN_PATHS = "/-/";

/** What of the runtime's context is used here. */
type Lifetime = Pick<ExecutionContext, "waitUntil">;

/** The HTTP front: the server's own paths by route, everything else to S3. */
export function createApp(front: Front): Hono {
  const app = new Hono({ getPath: (request) => routingPath(request.url, front.baseDomains) });
  app.get(`${OWN_PATHS}health`, async (context) => {
    const healthy = await answersMetadata(front.store);
    return context.json({ status: healthy ? "ok" : "metadata unavailable" }, healthy ? 200 : 503);
  });
  for (const [name, page] of front.ownPages) {
    app.on(page.method, OWN_PATHS + name, (context) => serveOwnPage(context.req.raw, page, front.keys));
  }
  app.all(`${OWN_PATHS}*`, (context) => context.json({ error: "not found" }, 404));
  app.all("*", (context) => serveS3(context.req.raw, front, context.executionCtx));
  return app;
}

/** S3's paths are not for a router to decode or to match: all that matters is whether a path is the server's own. */
function routingPath(url: string, baseDomains: readonly string[]): string {
  const { hostname, rawPath } = cutUrl(url);
  return rawPath.startsWith(OWN_PATHS) && bucketOfHost(hostname, baseDomains) === null ? rawPath : "/";
}

async function answersMetadata(store: StoreContext): Promise<boolean> {
  try {
    await listBuckets(store, { owner: "", prefix: "", after: "", limit: 1 });
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

interface Exchange extends Trace {
  readonly request: Request;
  readonly front: Front;
  readonly hostId: string;
}

async function serveS3(request: Request, front: Front, lifetime: Lifetime): Promise<Response> {
  const { clock, random } = front.store;
  const startedMs = clock.now();
  const requestId = toHex(random(8)).toUpperCase();
  const exchange: Exchange = { request, front, requestId, operation: "unknown", hostId: toBase64(random(48)) };
  const end = front.metrics.begin(startedMs);
  const responding = answer(exchange);
  // Kept alive when the client goes away, so that what is under way gives back its memory, drives and locks.
  lifetime.waitUntil(
    responding.then(async ({ response, outcome }) => {
      const ended = await outcome;
      end();
      if (ended.kind === "broken") logFailure(exchange, "broken off", ended.cause);
      const ms = clock.now() - startedMs;
      const { operation } = exchange;
      const [receivedBytes, sentBytes] = [declaredBytes(request.headers), declaredBytes(response.headers)];
      front.metrics.record({ operation, status: response.status, ms, receivedBytes, sentBytes });
      if (!front.logRequests) return;
      front.log.info(`${request.method} ${cutUrl(request.url).rawPath} ${response.status} ${ms}ms ${requestId}`);
    }),
  );
  return (await responding).response;
}

function declaredBytes(headers: Headers): number {
  const bytes = Number(headers.get("content-length") ?? 0);
  return Number.isSafeInteger(bytes) ? bytes : 0;
}

/** Never rejects: whatever is thrown becomes an answer. */
async function answer(exchange: Exchange): Promise<Responded> {
  const { request, front } = exchange;
  await outwaitContinue(request, front.store.clock);
  const cors = corsAnswerHeaders(request, front);
  try {
    return render(exchange, await whole(await dispatch(request, front, exchange)), await cors);
  } catch (thrown) {
    const error = toS3Error(thrown, request.method);
    if (error.status >= 500 && error.cause !== undefined) logFailure(exchange, error.code, error.cause);
    await drain(request, front.store.clock);
    return render(exchange, errorAnswer(exchange, error), await cors);
  }
}

/** Small bodies as bytes: what goes wrong with them is still answered. */
async function whole(answered: Answer): Promise<Answer> {
  const { body } = answered;
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) return answered;
  return { ...answered, body: await readIfSmall(body) };
}

function render(exchange: Exchange, answered: Answer, corsHeaders: Readonly<Record<string, string>>): Responded {
  const { request, front, requestId, hostId } = exchange;
  const withoutBody = request.method === "HEAD";
  const clientAcceptEncoding = request.cf?.clientAcceptEncoding;
  const answer = { ...answered, headers: { ...answered.headers, ...corsHeaders } };
  return respond(answer, { requestId, hostId, nowMs: front.store.clock.now(), withoutBody, clientAcceptEncoding });
}

function errorAnswer({ request, requestId, hostId }: Exchange, error: S3Error): Answer {
  const { status, headers } = error;
  if (status === 304) return { status, headers };
  const resource = cutUrl(request.url).rawPath;
  return { status, headers, body: errorDocument(error, { resource, requestId, hostId }) };
}

/** A line for whoever runs the server. Neither headers nor the query are in it: they may hold signatures. */
function logFailure({ request, front, requestId }: Exchange, what: string, cause: unknown): void {
  const { rawPath } = cutUrl(request.url);
  front.log.error(`${requestId} ${request.method} ${rawPath}: ${what}: ${describe(cause)}`);
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const failure = "failure" in cause ? ` ${JSON.stringify(cause.failure)}` : "";
  const deeper = cause.cause === undefined ? "" : `\n  caused by ${describe(cause.cause)}`;
  return `${cause.stack ?? cause.message}${failure}${deeper}`;
}
