import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { KeyRing } from "../access/keys.ts";

/** A page of the server's own, for whoever has the root key. */
export interface OwnPage {
  /** `accept` is the request's Accept header. */
  render(accept: string): Promise<{ contentType: string; body: string }>;
}

/**
 * Answers with a page if the request brings the root key by HTTP Basic authentication (RFC 7617): access key id and secret, as
 * Prometheus and browsers can send them. Use it over https, or on the machine itself.
 */
export async function serveOwnPage(request: Request, page: OwnPage, keys: KeyRing | null): Promise<Response> {
  if (!isRoot(request.headers.get("authorization"), keys)) {
    const headers = { "WWW-Authenticate": 'Basic realm="Sherd root key", charset="UTF-8"' };
    return new Response("the root key is needed: access key id and secret\n", { status: 401, headers });
  }
  const { contentType, body } = await page.render(request.headers.get("accept") ?? "");
  return new Response(body, { headers: { "Content-Type": contentType, "Cache-Control": "no-store" } });
}

function isRoot(authorization: string | null, keys: KeyRing | null): boolean {
  const encoded = /^Basic +([A-Za-z0-9+/]{1,1000}={0,2})$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined || !keys) return false;
  const [, id = "", secret = ""] = /^([^:]*):([\s\S]*)$/.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  const key = keys.find(id);
  // As much work, and as long, for an unknown key.
  const equal = timingSafeEqual(digest(secret), digest(key?.secret ?? ""));
  return equal && key?.principal.kind === "root" && secret !== "";
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
