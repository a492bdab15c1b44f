import type { Attributes, SystemHeaders } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import { decodeWords, encodeWord } from "./encoded-word.ts";

const USER_PREFIX = "x-amz-meta-";
/** S3: names (without their prefix) and values of user metadata, in UTF-8, together. */
const USER_METADATA_MAX_BYTES = 2048;
/** What S3 answers for an object that was stored without a Content-Type. */
const CONTENT_TYPE_DEFAULT = "binary/octet-stream";

const WEBSITE_REDIRECT = "x-amz-website-redirect-location";
/** S3's limit on the location, in characters. */
const LOCATION_MAX = 2048;

const SYSTEM_HEADERS: Readonly<Record<keyof SystemHeaders, string>> = {
  contentType: "Content-Type",
  contentEncoding: "Content-Encoding",
  contentDisposition: "Content-Disposition",
  contentLanguage: "Content-Language",
  cacheControl: "Cache-Control",
  expires: "Expires",
  websiteRedirectLocation: WEBSITE_REDIRECT,
};

/**
 * Headers of a writing request that are kept with the object. User metadata over 2 KB throws
 * MetadataTooLarge. The transfer coding `aws-chunked` is no property of the object and is left out
 * of Content-Encoding.
 */
export function parseAttributes(headers: Headers): Attributes {
  const system: SystemHeaders = {};
  for (const [name, header] of Object.entries(SYSTEM_HEADERS) as [keyof SystemHeaders, string][]) {
    const value = headers.get(header);
    if (value) system[name] = value;
  }
  checkRedirect(system.websiteRedirectLocation);
  const contentEncoding = withoutAwsChunked(system.contentEncoding ?? "");
  if (contentEncoding !== "") system.contentEncoding = contentEncoding;
  else delete system.contentEncoding;
  return { system, user: parseUserMetadata(headers) };
}

/**
 * The redirect location of a request: a copy does not inherit its source's. Throws
 * InvalidRedirectLocation.
 */
export function parseRedirectLocation(headers: Headers): string | null {
  const location = headers.get(WEBSITE_REDIRECT) || null;
  checkRedirect(location ?? undefined);
  return location;
}

function checkRedirect(location: string | undefined): void {
  if (location === undefined) return;
  if (location.length > LOCATION_MAX || !/^(\/|https?:\/\/)/i.test(location))
    throw new S3Error("InvalidRedirectLocation");
}

function withoutAwsChunked(contentEncoding: string): string {
  if (!/aws-chunked/i.test(contentEncoding)) return contentEncoding;
  const codings = contentEncoding.split(",").map((coding) => coding.trim());
  return codings.filter((coding) => coding !== "" && coding.toLowerCase() !== "aws-chunked").join(",");
}

function parseUserMetadata(headers: Headers): Record<string, string> {
  const user: [string, string][] = [];
  const encoder = new TextEncoder();
  let sizeBytes = 0;
  for (const [header, value] of headers) {
    if (!header.startsWith(USER_PREFIX)) continue;
    const name = header.slice(USER_PREFIX.length);
    const text = decodeWords(value);
    sizeBytes += encoder.encode(name).length + encoder.encode(text).length;
    user.push([name, text]);
  }
  if (sizeBytes > USER_METADATA_MAX_BYTES) {
    throw new S3Error("MetadataTooLarge", undefined, {
      Size: String(sizeBytes),
      MaxSizeAllowed: String(USER_METADATA_MAX_BYTES),
    });
  }
  // From entries, so that a name like `__proto__` is only a name.
  return Object.fromEntries(user);
}

/** The headers of a GET or HEAD with an object's attributes. */
export function attributeHeaders({ system, user }: Attributes): Record<string, string> {
  const headers: [string, string][] = [["Content-Type", CONTENT_TYPE_DEFAULT]];
  for (const [name, header] of Object.entries(SYSTEM_HEADERS) as [keyof SystemHeaders, string][]) {
    const value = system[name];
    if (value !== undefined) headers.push([header, value]);
  }
  for (const [name, value] of Object.entries(user)) headers.push([`${USER_PREFIX}${name}`, encodeWord(value)]);
  return Object.fromEntries(headers);
}

const OVERRIDES: Readonly<Record<string, string>> = {
  "response-content-type": "Content-Type",
  "response-content-encoding": "Content-Encoding",
  "response-content-disposition": "Content-Disposition",
  "response-content-language": "Content-Language",
  "response-cache-control": "Cache-Control",
  "response-expires": "Expires",
};

/**
 * The headers that response-* parameters of a GET or HEAD set instead of the object's own. Only
 * signed requests may: otherwise a link to somebody's object could turn it into a page of another
 * type. Throws InvalidRequest, or InvalidArgument for another response-* parameter and for a value
 * beyond Latin-1, which S3's headers cannot carry.
 */
export function responseOverrides(query: URLSearchParams, signed: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [parameter, value] of query) {
    if (!parameter.startsWith("response-")) continue;
    if (!signed) {
      throw new S3Error(
        "InvalidRequest",
        "Request specific response headers cannot be used for anonymous GET requests.",
      );
    }
    const header = Object.hasOwn(OVERRIDES, parameter) ? OVERRIDES[parameter] : undefined;
    if (header === undefined) {
      throw new S3Error("InvalidArgument", `${parameter} is not a response header that can be overridden.`, {
        ArgumentName: parameter,
        ArgumentValue: value,
      });
    }
    if (/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value)) {
      throw new S3Error("InvalidArgument", "Header value cannot be represented using ISO-8859-1.", {
        ArgumentName: parameter,
        ArgumentValue: value,
      });
    }
    headers[header] ??= value;
  }
  return headers;
}
