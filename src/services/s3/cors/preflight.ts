import type { Answer } from "../../../edge/answer.ts";
import type { StoreContext } from "../../../store/context.ts";
import { StoreError } from "../../../store/failure.ts";
import type { Target } from "../address/target.ts";
import { S3Error } from "../errors/error.ts";
import { type CorsRule, corsHeaders, crossOriginRequest, matchRule } from "./rules.ts";
import { storedRules } from "./stored-rules.ts";

const NOT_ALLOWED =
  "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / " +
  "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";

/**
 * The answer to OPTIONS: whether a browser may send the request that it describes. Nobody is
 * authenticated, and the object is not looked up: one D1 round trip. Throws BadRequest,
 * AccessForbidden and the store's errors, in S3's words (one of them is misspelt there).
 */
export async function answerPreflight(store: StoreContext, target: Target, headers: Headers): Promise<Answer> {
  const request = crossOriginRequest(headers, "OPTIONS");
  if (request === null) {
    throw new S3Error("BadRequest", "Insufficient information. Origin request header needed.");
  }
  const rules = await rulesOf(store, target, request.method);
  if (rules === null) throw forbidden("CORSResponse: CORS is not enabled for this bucket.", request.method, "BUCKET");
  if (!headers.has("Access-Control-Request-Method")) {
    throw new S3Error("BadRequest", "Invalid Access-Control-Request-Method: null");
  }
  const rule = matchRule(rules, request);
  if (rule === undefined) throw forbidden(NOT_ALLOWED, request.method, target.level.toUpperCase());
  return { status: 200, headers: corsHeaders(rule, request) };
}

async function rulesOf(store: StoreContext, target: Target, method: string): Promise<readonly CorsRule[] | null> {
  if (target.level === "service") return null;
  try {
    return await storedRules(store, target.bucket);
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure.kind !== "no-such-bucket") throw error;
    throw forbidden("CORSResponse: Bucket not found", method, "BUCKET");
  }
}

function forbidden(message: string, method: string, resourceType: string): S3Error {
  return new S3Error("AccessForbidden", message, { Method: method, ResourceType: resourceType });
}
