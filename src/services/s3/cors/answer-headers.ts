import { cutUrl } from "../../../edge/raw-url.ts";
import { StoreError } from "../../../store/failure.ts";
import { parseTarget } from "../address/target.ts";
import { S3Error } from "../errors/error.ts";
import type { S3Parts } from "../parts.ts";
import { type CrossOriginRequest, corsHeaders, crossOriginRequest, matchRule, varyHeader } from "./rules.ts";
import { storedRules } from "./stored-rules.ts";

const NONE: Readonly<Record<string, string>> = {};

/**
 * The headers that let a page of another origin read the answer to `request`, whatever that answer
 * will be.
 *
 * A request without Origin costs nothing. One with it costs one D1 round trip of one row, at the
 * same time as the operation's own. Nothing is cached, so a removed rule stops counting with the
 * next request; an isolate that remembered rules could not know. (Browsers remember a preflight for
 * MaxAgeSeconds, which the bucket owner chooses.)
 *
 * Never rejects. If the rules cannot be read there are no headers, and the browser keeps the answer
 * from the page.
 */
export async function corsAnswerHeaders(request: Request, parts: S3Parts): Promise<Readonly<Record<string, string>>> {
  const crossOrigin = crossOriginRequest(request.headers, request.method);
  // A preflight gets its own headers.
  if (crossOrigin === null || request.method === "OPTIONS") return NONE;
  try {
    return await headersFor(crossOrigin, request, parts);
  } catch (error) {
    // Neither concerns a bucket that could have rules; the operation itself answers the error.
    if (error instanceof S3Error || (error instanceof StoreError && error.failure.kind === "no-such-bucket"))
      return NONE;
    parts.log.error(`CORS rules could not be read: ${error instanceof Error ? error.message : error}`);
    return NONE;
  }
}

async function headersFor(crossOrigin: CrossOriginRequest, request: Request, { baseDomains, store }: S3Parts) {
  const { level, bucket } = parseTarget(cutUrl(request.url), baseDomains);
  if (level === "service") return NONE;
  const rules = await storedRules(store, bucket);
  if (rules === null) return NONE;
  const rule = matchRule(rules, crossOrigin);
  return rule === undefined ? varyHeader : corsHeaders(rule, crossOrigin);
}
