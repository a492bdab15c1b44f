import { encodeKey } from "../address/encode-key.ts";

/**
 * The URL of an object as the client addresses this server, for `Location`: virtual-hosted where the host begins with the
 * bucket, path-style otherwise.
 */
export function objectLocation(headers: Headers, bucket: string, key: string): string {
  const host = headers.get("Host") ?? "localhost";
  const scheme = headers.get("x-forwarded-proto") === "https" ? "https" : "http";
  const path = encodeKey(key);
  return host.startsWith(`${bucket}.`) ? `${scheme}://${host}/${path}` : `${scheme}://${host}/${bucket}/${path}`;
}
