import { canonicalPaths, decodeCanonical, parseQuery } from "./percent-encoding.ts";
import type { RequestHead, SignedV2Request } from "./request-head.ts";

/** Parameters that are part of the resource by their name alone, whatever their value. */
const named =
  "abac accelerate acl analytics annotation annotationName attributes cors delete encryption intelligent-tiering " +
  "inventory legal-hold lifecycle location logging metadataAnnotationTable metadataConfiguration " +
  "metadataInventoryTable metadataJournalTable metadataTable metrics notification object-lock ownershipControls " +
  "policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention select session " +
  "tagging torrent uploads versioning versions website";
/** Those that are part of it with their value, decoded. */
const valued =
  "partNumber response-cache-control response-content-disposition response-content-encoding " +
  "response-content-language response-content-type response-expires select-type uploadId versionId";
const valuedParameters: ReadonlySet<string> = new Set(valued.split(" "));

/** The query parameters that Signature Version 2 covers; anyone who holds the URL can change all others. */
export const resourceParameters: ReadonlySet<string> = new Set([...named.split(" "), ...valuedParameters]);

/**
 * The strings that the client may have signed, without repetition, the likeliest first, twelve at most, twenty where the path has a `+`: paths and headers
 * arrive changed as described at `canonicalRequests`.
 *
 * Follows "Signing and authenticating REST requests" (Signature Version 2) of the S3 User Guide.
 */
export function* stringsToSignV2(signed: SignedV2Request, head: RequestHead): Generator<string> {
  const line = (name: string) => head.headers.get(name)?.trim() ?? "";
  const start = `${head.method}\n${line("content-md5")}\n${line("content-type")}\n${signed.dateText}\n`;
  const parameters = canonicalParameters(head.rawQuery);
  const headers = headerLines(amzHeaders(head, signed.via));
  for (const path of resourcePaths(head)) {
    for (const lines of new Set([headers, headers.replaceAll(", ", ",")])) yield start + lines + path + parameters;
  }
}

/**
 * The x-amz-* headers that the signature covers, in lower case. A presigned URL may carry them as parameters (the last one
 * of a name counts); a header that is sent as well wins, and makes the signature fail where it says something else.
 */
export function amzHeaders(head: RequestHead, via: "header" | "query"): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const parameter of via === "query" ? parseQuery(head.rawQuery) : []) {
    const name = decodeCanonical(parameter.name)?.toLowerCase() ?? "";
    if (name.startsWith("x-amz-")) found.set(name, decodeCanonical(parameter.value) ?? parameter.value);
  }
  for (const [name, value] of head.headers) if (name.startsWith("x-amz-")) found.set(name, value);
  // CloudFront adds the one on the way; a presigned URL has a time of its own.
  found.delete("x-amz-cf-id");
  if (via === "query") found.delete("x-amz-date");
  return found;
}

/** `name:value\n` for each, sorted by name. */
function headerLines(headers: ReadonlyMap<string, string>): string {
  const sorted = [...headers].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => `${name}:${value.trim()}\n`).join("");
}

/** `?name&name=value…`, sorted by name, or nothing; of a name sent twice the first counts, as it does to S3. */
function canonicalParameters(rawQuery: string): string {
  const found = new Map<string, string>();
  for (const { name, value } of parseQuery(rawQuery)) {
    if (!resourceParameters.has(name) || found.has(name)) continue;
    found.set(name, valuedParameters.has(name) ? `${name}=${decodeCanonical(value) ?? value}` : name);
  }
  const texts = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return texts.length === 0 ? "" : `?${texts.join("&")}`;
}

/** The path, with the bucket of the host before it. botocore signs the path of a bucket with a slash that its URL lacks. */
function resourcePaths(head: RequestHead): readonly string[] {
  const paths = canonicalPaths(head.rawPath).map(({ path }) => path);
  if (head.bucketOfHost !== undefined) return paths.map((path) => `/${head.bucketOfHost}${path}`);
  return [...paths, ...paths.filter((path) => /^\/[^/]+$/.test(path)).map((path) => `${path}/`)];
}
