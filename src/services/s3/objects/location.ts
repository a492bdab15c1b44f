import { encodeKey } from "../address/encode-key.ts";

/**
 * The URL of an object for `Location`, in the style that the client uses: virtual-hosted if the
 * host begins with the bucket, otherwise path-style.
 */
export function objectLocation(headers: Headers, bucket: string, key: string): string {
  const host = headers.get("Host") ?? "localhost";
  const scheme = headers.get("x-forwarded-proto") === "https" ? "https" : "http";
  const path = encodeKey(key);
  return host.startsWith(`${bucket}.`) ? `${scheme}://${host}/${path}` : `${scheme}://${host}/${bucket}/${path}`;
}
