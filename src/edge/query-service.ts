import { AccessRefused } from "../auth/access.ts";
import { AuthenticationError } from "../auth/authentication-error.ts";
import type { SigningRules } from "../auth/sigv4/signing-rules.ts";
import { ClientTooSlow } from "../base/patience.ts";
import { errorDocument, type QueryResult, resultDocument } from "../protocols/aws-query/answer.ts";
import { QueryError } from "../protocols/aws-query/error.ts";
import { parseParameters, type QueryNode } from "../protocols/aws-query/parameters.ts";
import { describeRefusal } from "./describe-refusal.ts";
import { queryAuthenticationError } from "./query-authentication.ts";
import { RateExceeded } from "./rate-limiter.ts";
import { BodyTooLarge, type Exchange, type ExchangeHead, type Failed, type Service } from "./service.ts";

/** One operation of a query service: reads its parameters, asks whether it may, and does it. */
export type QueryHandler = (exchange: Exchange, parameters: QueryNode) => Promise<QueryResult | null>;

export interface QueryServiceParts {
  /** As in credential scopes: `iam`. */
  readonly name: string;
  readonly signing: SigningRules;
  /** `2010-05-08` */
  readonly version: string;
  readonly xmlns: string;
  /** Of a request's form, or of the query string of a GET. */
  readonly bytesMax: number;
  /** Every operation that the service has at AWS. Null: it is not built, which is answered by name. */
  readonly operations: ReadonlyMap<string, QueryHandler | null>;
  /** Operations that need no signature. */
  readonly unsigned: readonly string[];
}

/**
 * A service that speaks AWS's query protocol: `Action` and `Version` in a form or a query string, XML back.
 *
 * Follows "Query requests" in the IAM User Guide and "Common errors" of each API reference.
 */
export function queryService(parts: QueryServiceParts): Service {
  const { name, signing, bytesMax } = parts;
  return {
    name,
    signing,
    body: { kind: "whole", bytesMax },
    claims: (request, body) => claims(parts, request, body),
    answer: async (exchange) => {
      const result = await run(parts, exchange);
      const about = { xmlns: parts.xmlns, requestId: exchange.requestId };
      return { status: 200, headers: headersOf(exchange), body: resultDocument(exchange.operation, result, about) };
    },
    fail: (thrown, about) => fail(parts, thrown, about),
  };
}

/** Whether an unsigned request is for one of the service's operations that need no signature. */
function claims({ unsigned }: QueryServiceParts, request: Request, body: Uint8Array | null): boolean {
  if (unsigned.length === 0) return false;
  const query = new URL(request.url).search.slice(1);
  const parsed = parseParameters(request.method === "POST" && body !== null ? body : query);
  const action = parsed.ok ? parsed.root.child("Action")?.value : undefined;
  return action !== undefined && unsigned.includes(action);
}

async function run(parts: QueryServiceParts, exchange: Exchange): Promise<QueryResult | null> {
  const parameters = readParameters(parts, exchange);
  const action = parameters.child("Action")?.value;
  if (action === undefined || action === "") {
    throw new QueryError("MissingAction", 400, "The request is missing an action or a required parameter.");
  }
  const version = parameters.child("Version")?.value ?? parts.version;
  const handler = parts.operations.get(action);
  if (handler === undefined || version !== parts.version) {
    const shown = `${action.slice(0, 128)} for version ${version.slice(0, 32)}`;
    throw new QueryError("InvalidAction", 400, `Could not find operation ${shown}`);
  }
  exchange.operation = action;
  if (exchange.caller.principal.kind === "anonymous" && !parts.unsigned.includes(action)) {
    throw new QueryError("MissingAuthenticationToken", 403, "Request is missing Authentication Token");
  }
  if (handler === null) throw new QueryError("NotImplemented", 501, `${action} is not implemented by this server.`);
  return handler(exchange, parameters);
}

function readParameters({ bytesMax }: QueryServiceParts, { request, url, body }: Exchange): QueryNode {
  if (request.method !== "POST" && request.method !== "GET") {
    throw new QueryError("InvalidAction", 405, `${request.method} is not a method of this service.`);
  }
  const form = request.method === "POST" && body !== null && body.length > 0 ? body : url.rawQuery;
  if (form.length > bytesMax) throw new BodyTooLarge(bytesMax);
  const parsed = parseParameters(form);
  if (!parsed.ok)
    throw new QueryError("MalformedQueryString", 400, `The parameters cannot be read: ${parsed.problem}.`);
  return parsed.root;
}

function fail({ name, xmlns }: QueryServiceParts, thrown: unknown, { requestId, operation }: ExchangeHead): Failed {
  const error = toQueryError(thrown, `${name}:${operation}`);
  const { code, status, type, message } = error;
  const body = errorDocument({ type, code, message }, { xmlns, requestId });
  return { answer: { status, headers: headersOf({ requestId }), body }, code, cause: error.cause };
}

function headersOf({ requestId }: Pick<ExchangeHead, "requestId">): Record<string, string> {
  return { "Cache-Control": "no-store", "x-amzn-RequestId": requestId };
}

function toQueryError(thrown: unknown, action: string): QueryError {
  if (thrown instanceof QueryError) return thrown;
  if (thrown instanceof AccessRefused) return new QueryError("AccessDenied", 403, describeRefusal(thrown));
  if (thrown instanceof AuthenticationError) return queryAuthenticationError(thrown.failure);
  if (thrown instanceof RateExceeded) return new QueryError("Throttling", 400, "Rate exceeded");
  if (thrown instanceof ClientTooSlow) {
    return new QueryError("RequestTimeoutException", 408, "The request was not sent within the timeout period.");
  }
  if (thrown instanceof BodyTooLarge) {
    return new QueryError("RequestEntityTooLarge", 413, `The request must not exceed ${thrown.bytesMax} bytes.`);
  }
  return new QueryError("InternalFailure", 500, `The request processing of ${action} has failed.`, { cause: thrown });
}
