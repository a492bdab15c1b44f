import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { AccessRefused, type RequestFacts } from "../auth/access.ts";
import { anonymousCaller } from "../auth/caller.ts";
import type { RequestHead } from "../auth/sigv4/request-head.ts";
import type { BodyPieces } from "../base/body-pieces.ts";
import { toBase64, toHex } from "../base/bytes.ts";
import { streamPieces } from "../base/stream-pieces.ts";
import type { Answer } from "./answer.ts";
import { type Chosen, chooseService } from "./choose-service.ts";
import { discardBody } from "./discard-body.ts";
import type { Edge } from "./edge.ts";
import { logEnd, logFailure } from "./log.ts";
import type { Pace } from "./rate-limiter.ts";
import { cutUrl } from "./raw-url.ts";
import { requestFacts, sourceAddress } from "./request-facts.ts";
import { type Responded, respond } from "./respond.ts";
import { readIfSmall } from "./send-body.ts";
import type { Exchange, ExchangeHead, Lifetime, Service } from "./service.ts";
import { outwaitContinue } from "./wait-for-continue.ts";
import { readWhole } from "./whole-body.ts";

/** One HTTP exchange with one of the services, from the head of the request to the last byte of the answer. */
export async function serve(request: Request, edge: Edge, lifetime: Lifetime): Promise<Response> {
  const about: ExchangeHead = {
    request,
    pieces: incoming(request, edge),
    url: cutUrl(request.url),
    requestId: toHex(edge.random(8)).toUpperCase(),
    hostId: toBase64(edge.random(48)),
    receivedMs: edge.clock.now(),
    operation: "unknown",
  };
  const responding = converse(about, edge);
  // Kept alive when the client goes away, so that what is under way releases its memory, drives and locks.
  lifetime.waitUntil(
    responding.then(async ({ response, outcome }) => {
      const ended = await outcome;
      if (ended.kind === "broken") logFailure(edge.log, about, { what: "broken off", cause: ended.cause });
      logEnd(edge, about, response);
      const clientAddress = sourceAddress(request, edge.clientAddress);
      about.service?.ended?.({ about, response, clientAddress, endedMs: edge.clock.now() }, lifetime);
      const { caller, signature, service }: ExchangeHead & Partial<Exchange> = about;
      // Undefined: it was refused before anybody knew whose it is.
      if (caller !== undefined) await edge.uses?.note(caller, service?.name ?? "", signature?.region ?? "us-east-1");
    }),
  );
  return (await responding).response;
}

function incoming({ body, headers }: Request, { clock, patience }: Edge): BodyPieces | null {
  if (body === null) return null;
  const length = headers.get("content-length");
  return streamPieces(body, length === null ? null : Number(length), { clock, ...patience });
}

/** Never rejects: whatever is thrown becomes an answer. */
async function converse(about: ExchangeHead, edge: Edge): Promise<Responded> {
  const { request } = about;
  await outwaitContinue(request, edge.clock);
  let service: Service = edge.services[0];
  try {
    const chosen = await chooseService(edge.services, about);
    service = chosen.service;
    about.service = service;
    const beside = service.headersBeside?.(request);
    try {
      const answered = await whole(await answer(chosen, about, edge));
      return render(answered, about, { edge, beside: await beside });
    } catch (thrown) {
      return await renderFailure(service, thrown, about, { edge, beside: await beside });
    }
  } catch (thrown) {
    return await renderFailure(service, thrown, about, { edge, beside: undefined });
  }
}

async function answer({ service, body, headers }: Chosen, about: ExchangeHead, edge: Edge): Promise<Answer> {
  const { request } = about;
  const facts = requestFacts(request, edge.clientAddress, edge.clock);
  const pace = edge.limiter?.begin() ?? null;
  const known = { ...counted(edge, facts, pace), facts, body: null };
  if (service.isPublic?.(request)) {
    const signature = { mode: { kind: "unsigned" }, verified: null, region: null } as const;
    const exchange = Object.assign(about, { ...known, caller: anonymousCaller(facts), signature });
    return slowed(await service.answer(exchange), pace);
  }
  const exchange = await authenticate(service, about, { edge, facts, body, headers });
  const { caller } = exchange;
  pace?.admit(caller.rates);
  pace?.spendIncoming(exchange.body?.length ?? 0);
  // Nobody knows yet for whom a request counts that is not signed: a form's sender, or the owner of what it reaches.
  const isOpen = caller.principal.kind === "anonymous";
  const paced = pace === null ? {} : { pieces: pace.incoming(about.pieces, { isOpen }) };
  return slowed(await answerAsOfNow(service, Object.assign(about, { ...known, ...exchange, ...paced })), pace);
}

/** What counts a request for somebody who is found out while it is answered. */
function counted(edge: Edge, facts: RequestFacts, pace: Pace | null): Pick<Exchange, "authenticateForm" | "countFor"> {
  return {
    async authenticateForm(fields) {
      const form = await edge.authenticator.form(fields, facts);
      pace?.admit(form.caller.rates);
      return form;
    },
    countFor: ({ accountId, rate }) => pace?.admit({ accountId, account: rate, accessKeyId: null, key: null }),
  };
}

/** The answer, whose body is sent no faster than the limits allow that hold for the request. */
function slowed(answered: Answer, pace: Pace | null): Answer {
  const { body } = answered;
  if (body === undefined || pace === null) return answered;
  if (typeof body === "object" && "next" in body) return { ...answered, body: pace.outgoing(body) };
  pace.spendOutgoing(body.length);
  return answered;
}

/**
 * A denial by what is remembered may be a denial no more: somebody may just have allowed it. So it is made sure of, and the service
 * asked once again if the caller's access has changed and the body is still there.
 */
async function answerAsOfNow(service: Service, exchange: Exchange): Promise<Answer> {
  const { caller, request } = exchange;
  try {
    return await service.answer(exchange);
  } catch (thrown) {
    if (caller.guard === null || !isDenial(thrown, service, exchange)) throw thrown;
    const epoch = caller.guard.epoch();
    await caller.confirm();
    const isSpent = service.body.kind === "stream" && request.bodyUsed;
    if (caller.guard.epoch() === epoch || isSpent) throw thrown;
    return service.answer(exchange);
  }
}

/** Services with JSON documents answer an AccessRefused with 400. */
function isDenial(thrown: unknown, service: Service, exchange: Exchange): boolean {
  return thrown instanceof AccessRefused || service.fail(thrown, exchange).answer.status === 403;
}

/** Reads the body first if the signature covers it: then nobody acts on a body that was not verified. */
async function authenticate(
  service: Service,
  about: ExchangeHead,
  { edge, facts, body, headers }: { edge: Edge; facts: RequestFacts } & Pick<Chosen, "body" | "headers">,
): Promise<Pick<Exchange, "caller" | "signature" | "body">> {
  const isWhole = service.body.kind === "whole";
  const bytes = service.body.kind === "whole" ? (body ?? (await readWhole(about, service.body.bytesMax))) : null;
  const head = { ...signedHead(service, about, headers), ...(bytes !== null && { bodySha256Hex: sha256Hex(bytes) }) };
  const { caller, ...signature } = await edge.authenticator.head(head, service.signing, facts);
  return { caller, signature, body: isWhole ? bytes : null };
}

/** The part of the request that signatures cover. The platform replaces Accept-Encoding and keeps the client's own apart. */
function signedHead(service: Service, { request, url }: ExchangeHead, headers: Chosen["headers"]): RequestHead {
  const { hostname, rawPath, rawQuery } = url;
  const acceptEncodingOriginal = request.cf?.clientAcceptEncoding;
  const bucket = service.bucketOfHost?.(hostname) ?? null;
  return {
    method: request.method,
    rawPath,
    rawQuery,
    headers,
    ...(typeof acceptEncodingOriginal === "string" ? { acceptEncodingOriginal } : {}),
    ...(bucket === null ? {} : { bucketOfHost: bucket }),
  };
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Small bodies as bytes: what goes wrong with them is still answered. */
async function whole(answered: Answer): Promise<Answer> {
  const { body } = answered;
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) return answered;
  return { ...answered, body: await readIfSmall(body) };
}

interface Rendering {
  readonly edge: Edge;
  /** Headers that were found beside the answer. */
  readonly beside: Readonly<Record<string, string>> | undefined;
}

async function renderFailure(
  service: Service,
  thrown: unknown,
  about: ExchangeHead,
  rendering: Rendering,
): Promise<Responded> {
  const { log, clock } = rendering.edge;
  const failed = service.fail(thrown, about);
  about.error = failed.code;
  if (failed.answer.status >= 500 && failed.cause !== undefined) {
    logFailure(log, about, { what: failed.code, cause: failed.cause });
  }
  await discardBody(about.request, clock);
  return render(failed.answer, about, rendering);
}

function render(answered: Answer, about: ExchangeHead, { edge, beside }: Rendering): Responded {
  const { request, requestId, hostId } = about;
  const withoutBody = request.method === "HEAD";
  const clientAcceptEncoding = request.cf?.clientAcceptEncoding;
  const complete = beside === undefined ? answered : { ...answered, headers: { ...answered.headers, ...beside } };
  const { clock, patience } = edge;
  about.answered = { atMs: clock.now(), sentBytes: withoutBody ? 0 : bodyBytes(answered.body) };
  const reader = { clock, idleMs: patience.readerIdleMs };
  const marks = { requestId, hostId, nowMs: clock.now(), withoutBody, clientAcceptEncoding, patience: reader };
  return respond(complete, marks);
}

/** Null: it is sent as it comes. */
function bodyBytes(body: Answer["body"]): number | null {
  if (body === undefined) return 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : body.sizeBytes;
}
