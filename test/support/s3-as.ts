import { AccessRefused } from "../../src/auth/access.ts";
import { anonymousCaller, RequestCaller } from "../../src/auth/caller.ts";
import { parsePolicy } from "../../src/auth/policy/parse.ts";
import { type Account, anonymous, firstAccount, type Principal, rootOf } from "../../src/auth/principal.ts";
import { streamPieces } from "../../src/base/stream-pieces.ts";
import type { Answer } from "../../src/edge/answer.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { cutUrl } from "../../src/edge/raw-url.ts";
import type { Exchange } from "../../src/edge/service.ts";
import { s3Service } from "../../src/services/s3/service.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deafEvents } from "./events.ts";

/** A second tenant. */
export const otherAccount: Account = { accountId: "200000000002", canonicalId: "b".repeat(64), name: "other" };

export interface S3Request {
  method?: string;
  /** Path and query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface S3Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The body, if it is text. */
  text: string;
  bytes: Uint8Array;
  /** AWS's code; "" if it is no error. */
  code: string;
}

export type S3As = (request: S3Request) => Promise<S3Answer>;

/** Who asks, with policies of their own (as JSON or as objects). */
export interface Asker {
  principal: Principal;
  policies?: readonly unknown[];
}

export const root: Asker = { principal: rootOf(firstAccount) };
export const otherRoot: Asker = { principal: rootOf(otherAccount) };
export const nobody: Asker = { principal: anonymous };

/** A user of an account, who may do what the policies say and no more. */
export function user(account: Account, policies: readonly unknown[] = [], name = "ann"): Asker {
  const { accountId, canonicalId } = account;
  const arn = `arn:aws:iam::${accountId}:user/${name}`;
  return {
    principal: { kind: "user", accountId, canonicalId, arn, name, uniqueId: `AIDA${name.toUpperCase()}` },
    policies,
  };
}

/** A policy document that allows the actions on the resources. */
export function allowing(actions: string | readonly string[], resources: string | readonly string[] = "*", more = {}) {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: resources, ...more }] };
}

/** S3 as somebody, on a store and without HTTP or signatures: what the edge does before and after is left out. */
export function s3As(store: StoreContext, { principal, policies = [] }: Asker, events = deafEvents(store)): S3As {
  const log = { info() {}, error() {} };
  const service = s3Service({ store, baseDomains: [], log, events });
  const identityPolicies = policies.map((document, index) => ({ name: `p${index}`, policy: identityPolicy(document) }));
  const facts = {
    now: () => store.clock.now(),
    context: (key: string) => (key === "aws:sourceip" ? "203.0.113.7" : undefined),
  };
  return async ({ method = "GET", path, headers = {}, body }) => {
    const length = body === undefined ? {} : { "content-length": String(new TextEncoder().encode(body).length) };
    const url = `http://s3.test${path}`;
    const init = { method, headers: { host: "s3.test", ...length, ...headers }, duplex: "half", ...(body && { body }) };
    const request = new Request(url, init as RequestInit);
    const caller = new RequestCaller({ identity: { principal, identityPolicies }, accessKeyId: null, facts });
    const exchange: Exchange = {
      request,
      pieces: request.body && streamPieces(request.body, null, { ...CLIENT_PATIENCE, clock: store.clock }),
      url: cutUrl(url),
      requestId: "0123456789ABCDEF",
      hostId: "host",
      receivedMs: store.clock.now(),
      operation: "unknown",
      // A form is signed by its own fields.
      caller: headers["content-type"]?.startsWith("multipart/form-data") ? anonymousCaller(facts) : caller,
      facts,
      signature: { mode: { kind: "unsigned" }, verified: null, region: null },
      body: null,
      authenticateForm: async () => ({ caller, policy: null }),
      countFor: () => {},
    };
    try {
      return { ...(await readAnswer(await service.answer(exchange))), code: "" };
    } catch (thrown) {
      const { answer, code, cause } = service.fail(thrown, exchange);
      if (answer.status >= 500 && answer.status !== 501 && !(thrown instanceof AccessRefused)) throw cause ?? thrown;
      return { ...(await readAnswer(answer)), code };
    }
  };
}

function identityPolicy(document: unknown) {
  const parsed = parsePolicy(JSON.stringify(document), { kind: "identity" });
  if (!parsed.ok) throw new Error(`no policy: ${JSON.stringify(parsed.failure)}`);
  return parsed.policy;
}

async function readAnswer({ status, headers = {}, body }: Answer): Promise<Omit<S3Answer, "code">> {
  if (body === undefined || typeof body === "string")
    return { status, headers, text: body ?? "", bytes: new TextEncoder().encode(body ?? "") };
  if (body instanceof Uint8Array) return { status, headers, text: new TextDecoder().decode(body), bytes: body };
  const pieces: Uint8Array[] = [];
  for (let piece = await body.next(); piece !== null; piece = await body.next()) pieces.push(piece.slice());
  const bytes = Buffer.concat(pieces);
  return { status, headers, text: bytes.toString(), bytes };
}
