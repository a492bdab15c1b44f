import { canonicalIdOf, type Principal } from "../../../auth/principal.ts";
import type { EndedExchange } from "../../../edge/service.ts";
import { type AccessRecord, TEXT_CHARACTERS_MAX } from "../../../logging/line.ts";
import { checkAddressedBucketName } from "../address/bucket-name.ts";
import { parseTarget, type Target } from "../address/target.ts";
import { operationName } from "./operation-name.ts";

/**
 * Query parameters, by their decoded names, whose values would let a reader of the log repeat the
 * request or decrypt objects with a customer's key: presigned URLs may have headers as parameters.
 */
const SECRET =
  /^(x-amz-(signature|security-token|credential)|signature|awsaccesskeyid|x-amz-(copy-source-)?server-side-encryption-customer-key)$/i;

/** Subject of an exchange, if a bucket could have that name; null: nothing is logged. */
export function loggedTarget({ about }: Pick<EndedExchange, "about">, baseDomains: readonly string[]): Target | null {
  try {
    const target = parseTarget(about.url, baseDomains);
    if (target.level === "service") return null;
    checkAddressedBucketName(target.bucket);
    return target;
  } catch {
    // S3 has refused what it could not read; that concerns no bucket.
    return null;
  }
}

/** The log record of an exchange about a bucket. Never throws. */
export function accessRecord(ended: EndedExchange, target: Target): AccessRecord {
  const { about, response, clientAddress, endedMs } = ended;
  const { request, url } = about;
  // Unlike S3's own reading this accepts escapes that are not UTF-8.
  const query = new URLSearchParams(`?${url.rawQuery}`);
  const path = url.rawQuery === "" ? url.rawPath : `${url.rawPath}?${redacted(url.rawQuery)}`;
  return {
    ...{ bucket: target.bucket, key: target.key === "" ? null : target.key, atMs: about.receivedMs, clientAddress },
    requester: about.caller === undefined ? null : requesterOf(about.caller.principal),
    ...{ requestId: about.requestId, hostId: about.hostId },
    operation: operationName(about.operation, { method: request.method, isObject: target.key !== "" }),
    requestLine: cut(`${request.method} ${path} HTTP/1.1`),
    ...{ status: response.status, error: about.error ?? null },
    sentBytes: about.answered?.sentBytes ?? null,
    objectBytes: objectBytes(about.operation, request.headers, response.headers),
    totalMs: endedMs - about.receivedMs,
    turnaroundMs: about.answered === undefined ? null : about.answered.atMs - about.receivedMs,
    ...{ referer: refererOf(request.headers), userAgent: cut(request.headers.get("user-agent")) },
    versionId: plain(query.get("versionId")),
    ...authenticationOf(request.headers, query),
    host: plain(request.headers.get("host") ?? url.hostname),
    ...connectionOf(request),
  };
}

function redacted(rawQuery: string): string {
  const parameters = rawQuery.split("&").map((parameter) => {
    const [name = ""] = parameter.split("=", 1);
    return name !== parameter && SECRET.test(decodedName(name)) ? `${name}=REDACTED` : parameter;
  });
  return parameters.join("&");
}

function decodedName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The linking page may itself have been a presigned URL. */
function refererOf(headers: Headers): string | null {
  const referer = headers.get("referer");
  const at = referer?.indexOf("?") ?? -1;
  if (referer === null || at < 0) return cut(referer);
  return cut(`${referer.slice(0, at)}?${redacted(referer.slice(at + 1))}`);
}

function cut<T extends string | null>(text: T): T | string {
  return text !== null && text.length > TEXT_CHARACTERS_MAX ? text.slice(0, TEXT_CHARACTERS_MAX) : text;
}

function requesterOf(principal: Principal): string | null {
  if (principal.kind === "root") return canonicalIdOf(principal);
  return "arn" in principal ? principal.arn : null;
}

/** Size of the object that is read or written, as far as headers show it. */
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

/** TLS facts from Cloudflare's edge; elsewhere they are unknown. */
function connectionOf({ cf }: Request): Pick<AccessRecord, "cipher" | "tls"> {
  const known: Readonly<Record<string, unknown>> = cf ?? {};
  const of = (value: unknown) => (typeof value === "string" && value !== "" ? plain(value) : null);
  return { cipher: of(known.tlsCipher), tls: of(known.tlsVersion) };
}

/** Without spaces and controls: the field has no quotes. */
function plain(text: string | null): string | null {
  return text === null ? null : text.slice(0, 1024).replace(/[^\x21-\x7e]/g, "_");
}
