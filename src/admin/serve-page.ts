import type { Caller } from "../auth/access.ts";
import { AccessRefused } from "../auth/access.ts";
import { AuthenticationError } from "../auth/authentication-error.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { firstAccount } from "../auth/principal.ts";
import type { Clock } from "../base/clock.ts";
import type { ClientPatience } from "../edge/client-patience.ts";
import { type ClientAddress, tlsVersionOf } from "../edge/request-facts.ts";
import { BodyTooLarge } from "../edge/service.ts";
import { identify } from "./identify.ts";

/** What a page may know of the request for it. */
export interface AskedPage {
  /** The Accept header. */
  accept: string;
  query: URLSearchParams;
  /** What the page's path has for its `:name`s, decoded. */
  path: Readonly<Record<string, string>>;
  /** The whole body, of `OWN_BODY_BYTES_MAX` at most. */
  body: Uint8Array;
  caller: Caller;
  headers: Headers;
  /** `TLSv1.3`; null if it is not known. */
  tlsVersion: string | null;
}

/** A page of the server's own, for callers who are allowed its action: those of the first account, unless it says otherwise. */
export interface OwnPage {
  /** Pages that change something are not GET. */
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** What a policy must allow: `sherd:GetDurability`. */
  action: string;
  /** `render` asks for the action, on a resource that it finds out, and in the account that owns it. */
  demandsItself?: true;
  /** ARN of what it is allowed on. Absent: `arn:aws:sherd::100000000001:<action without sherd:>`. */
  resource?(path: AskedPage["path"]): string;
  /** It is for members of every account, and about what is theirs. Absent: for those of the first account, unless `demandsItself`. */
  isForAccounts?: true;
  /** It changes nothing, whatever its method. */
  isReadOnly?: true;
  render(asked: AskedPage): Promise<RenderedPage>;
}

export interface RenderedPage {
  status?: 200 | 201 | 400 | 403 | 404 | 409 | 503;
  contentType: string;
  body: string | Uint8Array;
  headers?: Readonly<Record<string, string>>;
}

/** What pages are served with. */
export interface OwnDoor {
  readonly authenticator: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly patience: ClientPatience;
  readonly clock: Clock;
}

/** Nothing that a page answers is to be guessed at, framed or run. Its own styles are inline. */
export const PROTECTION = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/**
 * Answers with a page if its caller is allowed the page's action. Callers bring an access key by HTTP Basic authentication
 * (RFC 7617), as Prometheus and browsers can, or sign the request (Signature Version 4, service `sherd`). Most pages are for the
 * first account alone (`OwnPage`). Use it over https, or on the machine itself.
 */
export async function serveOwnPage(
  { request, path }: { request: Request; path: AskedPage["path"] },
  page: OwnPage,
  door: OwnDoor,
): Promise<Response> {
  try {
    const { caller, body } = await identify(request, door);
    // A browser that knows the key would let another site's form post here, but not with this header.
    if (page.method !== "GET" && !page.isReadOnly && !request.headers.has("x-sherd-confirm")) {
      return plain(403, "the header X-Sherd-Confirm is needed");
    }
    const { principal } = caller;
    const isOwn = page.isForAccounts === true && "accountId" in principal;
    const accountId = isOwn ? principal.accountId : firstAccount.accountId;
    const own = `arn:aws:sherd::${accountId}:${page.action.slice("sherd:".length)}`;
    const ask = { action: page.action, resource: page.resource?.(path) ?? own, resourceAccountId: accountId };
    await caller.confirm();
    if (!page.demandsItself) caller.demand([ask]);
    const accept = request.headers.get("accept") ?? "";
    const { searchParams: query } = new URL(request.url);
    const asked = { accept, query, path, body, caller, headers: request.headers, tlsVersion: tlsVersionOf(request) };
    const { status = 200, contentType, body: rendered, headers } = await page.render(asked);
    return new Response(rendered, { status, headers: { ...PROTECTION, "Content-Type": contentType, ...headers } });
  } catch (error) {
    if (error instanceof AccessRefused) return plain(403, `a policy must allow ${page.action}`);
    if (error instanceof BodyTooLarge) return plain(413, `the body must not exceed ${error.bytesMax} bytes`);
    if (!(error instanceof AuthenticationError)) throw error;
    const headers = { "WWW-Authenticate": 'Basic realm="Sherd access key", charset="UTF-8"' };
    return plain(401, "an access key is needed: access key id and secret", headers);
  }
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  const all = { ...PROTECTION, "Content-Type": "text/plain; charset=utf-8", ...headers };
  return new Response(`${text}\n`, { status, headers: all });
}
