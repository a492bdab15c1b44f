import { AccessRefused } from "../auth/access.ts";
import { AuthenticationError } from "../auth/authentication-error.ts";
import type { SigningRules } from "../auth/sigv4/signing-rules.ts";
import { errorDocument, type JsonResult, resultDocument } from "../protocols/aws-json/answer.ts";
import { type JsonValue, parseDocument } from "../protocols/aws-json/document.ts";
import { JsonError, serializationException } from "../protocols/aws-json/error.ts";
import { describeRefusal } from "./describe-refusal.ts";
import { jsonAuthenticationError } from "./json-authentication.ts";
import { RateExceeded } from "./rate-limiter.ts";
import { BodyTooLarge, type Exchange, type ExchangeHead, type Failed, type Service } from "./service.ts";

/** One operation of a service with JSON documents: reads its input, asks whether it may, and does it. */
export type JsonHandler = (exchange: Exchange, input: JsonInput) => Promise<JsonResult | null>;

export type JsonInput = { readonly [name: string]: JsonValue };

export interface JsonServiceParts {
  /** As in credential scopes: `kms`. */
  readonly name: string;
  readonly signing: SigningRules;
  /** Of the content type: `application/x-amz-json-1.1`. */
  readonly jsonVersion: "1.0" | "1.1";
  /** What stands before the operation's name in X-Amz-Target: `TrentService`. */
  readonly targetPrefix: string;
  /** What stands before the names of errors in `__type`, with its `#`. Absent: nothing. */
  readonly namespace?: string;
  /** Of a request's body. */
  readonly bytesMax: number;
  /** Every operation that the service has at AWS. Null: it is not built, which is answered by name. */
  readonly operations: ReadonlyMap<string, JsonHandler | null>;
  /** Operations that may be asked for without a signature, because a resource's policy may let anybody. Absent: none. */
  readonly unsigned?: ReadonlySet<string>;
  /** How a denial is answered. Absent: 400, as most do. */
  readonly deniedStatus?: 400 | 403;
  /**
   * The code and fault that a service has for an error which spoke the query protocol before (`x-amzn-query-error`). Absent: it never
   * did. Null: the error's own name.
   */
  readonly queryCode?: (error: JsonError) => string | null;
}

/**
 * A service that speaks AWS JSON 1.0 or 1.1: `X-Amz-Target: Prefix.Operation`, a JSON object in, a JSON object out.
 *
 * Follows "AWS JSON 1.0 protocol", "AWS JSON 1.1 protocol" and "AWS query compatible" of the Smithy specification, and "Common errors" of
 * each API reference.
 */
export function jsonService(parts: JsonServiceParts): Service {
  return {
    name: parts.name,
    signing: parts.signing,
    body: { kind: "whole", bytesMax: parts.bytesMax },
    claims: (request) => parts.unsigned !== undefined && targetOf(parts, request) !== null,
    answer: (exchange) => answerJson(parts, exchange),
    fail: (thrown, about) => failJson(parts, thrown, about),
  };
}

/** The operation that X-Amz-Target names, or null if it is of another service or there is none. Nothing says that it exists. */
export function targetOf({ targetPrefix }: Pick<JsonServiceParts, "targetPrefix">, request: Request): string | null {
  const target = request.headers.get("x-amz-target") ?? "";
  return target.startsWith(`${targetPrefix}.`) ? target.slice(targetPrefix.length + 1) : null;
}

/** `Service.answer` of a service, for one that speaks another protocol too. */
export async function answerJson(parts: JsonServiceParts, exchange: Exchange): ReturnType<Service["answer"]> {
  const result = await run(parts, exchange);
  return { status: 200, headers: headersOf(parts, exchange), body: resultDocument(result) };
}

/** `Service.fail` of a service, for one that speaks another protocol too. */
export function failJson(parts: JsonServiceParts, thrown: unknown, about: ExchangeHead): Failed {
  const error = toJsonError(thrown, {
    action: `${parts.name}:${about.operation}`,
    deniedStatus: parts.deniedStatus ?? 400,
  });
  const { type, message, members, status, fault } = error;
  const body = errorDocument({ type: `${parts.namespace ?? ""}${type}`, message, members });
  const queryError = parts.queryCode && { "x-amzn-query-error": `${parts.queryCode(error) ?? type};${fault}` };
  const headers = { ...headersOf(parts, about), "x-amzn-ErrorType": type, ...queryError };
  return { answer: { status, headers, body }, code: type, cause: error.cause };
}

function headersOf({ jsonVersion }: JsonServiceParts, { requestId }: ExchangeHead): Record<string, string> {
  return {
    "Cache-Control": "no-store",
    "Content-Type": `application/x-amz-json-${jsonVersion}`,
    "x-amzn-RequestId": requestId,
  };
}

async function run(parts: JsonServiceParts, exchange: Exchange): Promise<JsonResult | null> {
  const { request, body, caller } = exchange;
  const operation = targetOf(parts, request);
  const handler = operation === null ? undefined : parts.operations.get(operation);
  if (operation === null || handler === undefined || request.method !== "POST") {
    const shown = (request.headers.get("x-amz-target") ?? "").slice(0, 128);
    throw new JsonError("UnknownOperationException", 400, `There is no operation ${shown} of this service.`);
  }
  exchange.operation = operation;
  if (caller.principal.kind === "anonymous" && !parts.unsigned?.has(operation)) {
    throw new JsonError("MissingAuthenticationTokenException", 400, "Request is missing Authentication Token");
  }
  if (handler === null) throw new JsonError("NotImplemented", 501, `${operation} is not implemented by this server.`);
  return handler(exchange, readInput(body));
}

function readInput(body: Uint8Array | null): JsonInput {
  const parsed = parseDocument(body ?? new Uint8Array(0));
  if (parsed.ok) return parsed.root;
  throw serializationException(`The request body cannot be read: ${parsed.problem}.`);
}

function toJsonError(thrown: unknown, { action, deniedStatus }: { action: string; deniedStatus: number }): JsonError {
  if (thrown instanceof JsonError) return thrown;
  if (thrown instanceof AccessRefused)
    return new JsonError("AccessDeniedException", deniedStatus, describeRefusal(thrown));
  if (thrown instanceof AuthenticationError) return jsonAuthenticationError(thrown.failure);
  if (thrown instanceof RateExceeded) return new JsonError("ThrottlingException", 400, "Rate exceeded");
  if (thrown instanceof BodyTooLarge) {
    return new JsonError("RequestEntityTooLarge", 413, `The request must not exceed ${thrown.bytesMax} bytes.`);
  }
  return new JsonError("InternalFailure", 500, `The request processing of ${action} has failed.`, { cause: thrown });
}
