import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { KeyRing } from "../auth/keys/ring.ts";

/** What a page may know of the request for it. */
export interface AskedPage {
  /** The Accept header. */
  accept: string;
  query: URLSearchParams;
}

/** A page of the server's own, for whoever has the root key. */
export interface OwnPage {
  /** Pages that change something are POST. */
  method: "GET" | "POST";
  render(asked: AskedPage): Promise<{ status?: 200 | 400 | 503; contentType: string; body: string }>;
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
  // A browser that knows the key would let another site's form post here, but not with this header.
  if (page.method === "POST" && !request.headers.has("x-sherd-confirm")) {
    return new Response("the header X-Sherd-Confirm is needed\n", { status: 403 });
  }
  const accept = request.headers.get("accept") ?? "";
  const { status = 200, contentType, body } = await page.render({ accept, query: new URL(request.url).searchParams });
  return new Response(body, { status, headers: { "Content-Type": contentType, "Cache-Control": "no-store" } });
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
