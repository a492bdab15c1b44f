import type { RawUrl } from "../../../edge/raw-url.ts";
import { KEY_BYTES_MAX } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";

/** The address of a request. */
export interface Target {
  /** Level of the address: all buckets, one bucket, or one object. */
  readonly level: "service" | "bucket" | "object";
  /** As sent, not yet checked; "" at the level of the service. */
  readonly bucket: string;
  /** Decoded; "" above the level of an object. */
  readonly key: string;
}

/**
 * The bucket in a virtual-hosted-style host (`<bucket>.<base>`), or null if the request is
 * path-style. The longest matching base counts, so that `s3.example.org` may be a base beside
 * `example.org`.
 */
export function bucketOfHost(hostname: string, baseDomains: readonly string[]): string | null {
  let longest = "";
  for (const base of baseDomains) {
    if (hostname === base) return null;
    if (hostname.endsWith(`.${base}`) && base.length > longest.length) longest = base;
  }
  return longest === "" ? null : hostname.slice(0, -longest.length - 1);
}

/**
 * Finds bucket and key. As at AWS, the path is decoded as a whole and then split: `%2F` separates
 * like `/`, and any slash after the bucket's belongs to the key. As at AWS, a raw `+` is a space,
 * unless the signature shows that the client meant a plus (`SignedForm`). Throws InvalidURI or
 * KeyTooLongError.
 */
export function parseTarget(url: RawUrl, baseDomains: readonly string[], plus: "space" | "plus" = "space"): Target {
  const path = decodePath(plus === "space" ? url.rawPath.replaceAll("+", " ") : url.rawPath);
  const host = bucketOfHost(url.hostname, baseDomains);
  if (host !== null) return addressed(host, path.slice(1));
  const slash = path.indexOf("/", 1);
  if (slash < 0) return addressed(path.slice(1), "");
  return addressed(path.slice(1, slash), path.slice(slash + 1));
}

/**
 * Decoded query parameters; `+` is a space. Throws InvalidURI if an escape is not UTF-8 or is
 * U+0000.
 */
export function parseQueryParameters(rawQuery: string): URLSearchParams {
  if (rawQuery.includes("%")) decode(rawQuery.replace(/%(?![0-9A-Fa-f]{2})/g, "%25"));
  // URLSearchParams removes one leading question mark: a second one in the URL is part of the first
  // name.
  return new URLSearchParams(`?${rawQuery}`);
}

function addressed(bucket: string, key: string): Target {
  if (bucket === "" && key === "") return { level: "service", bucket, key };
  if (key === "") return { level: "bucket", bucket, key };
  checkKeyLength(key);
  return { level: "object", bucket, key };
}

/** Throws KeyTooLongError for a key of more than 1,024 bytes of UTF-8. */
export function checkKeyLength(key: string): void {
  const refusal = refusalOfLength(key);
  if (refusal !== null) throw refusal;
}

/** KeyTooLongError for a key of more than 1,024 bytes of UTF-8, else null. */
export function refusalOfLength(key: string): S3Error | null {
  // A UTF-16 unit is at most three bytes of UTF-8, so short keys are measured without encoding
  // them.
  if (key.length * 3 <= KEY_BYTES_MAX) return null;
  const sizeBytes = new TextEncoder().encode(key).length;
  if (sizeBytes <= KEY_BYTES_MAX) return null;
  return new S3Error("KeyTooLongError", undefined, { Size: `${sizeBytes}`, MaxSizeAllowed: `${KEY_BYTES_MAX}` });
}

function decodePath(rawPath: string): string {
  const path = decode(rawPath);
  return path.startsWith("/") ? path : `/${path}`;
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch (cause) {
    // URIError: an escape is cut short or its bytes are not UTF-8.
    throw new S3Error("InvalidURI", undefined, {}, { cause });
  }
  if (decoded.includes("\0")) throw new S3Error("InvalidURI");
  return decoded;
}
