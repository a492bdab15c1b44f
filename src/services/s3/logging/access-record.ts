import { canonicalIdOf, type Principal } from "../../../auth/principal.ts";
import type { RawUrl } from "../../../edge/raw-url.ts";
import type { EndedExchange } from "../../../edge/service.ts";
import type { AccessRecord } from "../../../logging/line.ts";
import { parseQueryParameters, type Target } from "../address/target.ts";
import { operationName } from "./operation-name.ts";

/** Values of query parameters that would let a reader of the log repeat the request. */
const SECRET = /([?&](?:X-Amz-Signature|X-Amz-Security-Token|X-Amz-Credential|Signature|AWSAccessKeyId)=)[^&]*/gi;

/** What is logged of an exchange. `parse` finds what a URL addresses, and may throw. Null: it names no bucket. */
export function accessRecord(ended: EndedExchange, parse: (url: RawUrl) => Target): AccessRecord | null {
  const { about, response, clientAddress, endedMs } = ended;
  const { request, url } = about;
  const target = targetOf(ended, parse);
  if (target === null || target.bucket === "") return null;
  const query = parseQueryParameters(url.rawQuery);
  const line = `${request.method} ${url.rawPath}${url.rawQuery === "" ? "" : `?${url.rawQuery}`} HTTP/1.1`;
  return {
    ...{ bucket: target.bucket, key: target.key === "" ? null : target.key, atMs: about.receivedMs, clientAddress },
    requester: about.caller === undefined ? null : requesterOf(about.caller.principal),
    ...{ requestId: about.requestId, hostId: about.hostId },
    operation: operationName(about.operation, { method: request.method, isObject: target.key !== "" }),
    requestLine: line.replace(SECRET, "$1REDACTED"),
    ...{ status: response.status, error: about.error ?? null },
    sentBytes: about.answered?.sentBytes ?? null,
    objectBytes: objectBytes(about.operation, request.headers, response.headers),
    totalMs: endedMs - about.receivedMs,
    turnaroundMs: about.answered === undefined ? null : about.answered.atMs - about.receivedMs,
    ...{ referer: request.headers.get("referer"), userAgent: request.headers.get("user-agent") },
    versionId: plain(query.get("versionId")),
    ...authenticationOf(request.headers, query),
    host: plain(request.headers.get("host") ?? url.hostname),
    ...connectionOf(request),
  };
}

function targetOf({ about }: EndedExchange, parse: (url: RawUrl) => Target): Target | null {
  try {
    return parse(about.url);
  } catch {
    // What S3 could not read it has refused, and it is about no bucket.
    return null;
  }
}

function requesterOf(principal: Principal): string | null {
  if (principal.kind === "root") return canonicalIdOf(principal);
  return "arn" in principal ? principal.arn : null;
}

/** Size of the object that is read or written, as far as headers tell. */
function objectBytes(operation: string, asked: Headers, answered: Headers): number | null {
  if (operation === "GetObject" || operation === "HeadObject" || operation === "WebsiteGet") {
    const whole = /\/(\d+)$/.exec(answered.get("content-range") ?? "")?.[1];
    return numberOf(whole ?? answered.get("content-length"));
  }
  if (operation !== "PutObject" && operation !== "UploadPart") return null;
  return numberOf(asked.get("x-amz-decoded-content-length") ?? asked.get("content-length"));
}

function numberOf(text: string | null | undefined): number | null {
  return text != null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function authenticationOf(
  headers: Headers,
  query: URLSearchParams,
): Pick<AccessRecord, "signature" | "authentication"> {
  const header = headers.get("authorization");
  if (header !== null)
    return { signature: header.startsWith("AWS4-") ? "SigV4" : "SigV2", authentication: "AuthHeader" };
  if (query.has("X-Amz-Signature")) return { signature: "SigV4", authentication: "QueryString" };
  if (query.has("Signature")) return { signature: "SigV2", authentication: "QueryString" };
  return { signature: null, authentication: null };
}

/** What Cloudflare's edge says of TLS; nothing is known elsewhere. */
function connectionOf({ cf }: Request): Pick<AccessRecord, "cipher" | "tls"> {
  const known: Readonly<Record<string, unknown>> = cf ?? {};
  const of = (value: unknown) => (typeof value === "string" && value !== "" ? plain(value) : null);
  return { cipher: of(known.tlsCipher), tls: of(known.tlsVersion) };
}

/** Without spaces and controls: the field has no quotes. */
function plain(text: string | null): string | null {
  return text === null ? null : text.slice(0, 1024).replace(/[^\x21-\x7e]/g, "_");
}
