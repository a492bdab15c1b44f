import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Caller } from "../auth/access.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { commonSigningRules } from "../auth/sigv4/signing-rules.ts";
import type { Clock } from "../base/clock.ts";
import { streamPieces } from "../base/stream-pieces.ts";
import type { ClientPatience } from "../edge/client-patience.ts";
import { cutUrl } from "../edge/raw-url.ts";
import { type ClientAddress, requestFacts } from "../edge/request-facts.ts";
import { readWhole } from "../edge/whole-body.ts";

/** More than any own page takes. */
const OWN_BODY_BYTES_MAX = 64 * 1024;

const signing = commonSigningRules("sherd");

interface Door {
  readonly authenticator: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly patience: ClientPatience;
  readonly clock: Clock;
}

/**
 * Who asks for an own page, by Basic authentication or by a signature for the service `sherd`, which covers the body. Throws
 * `AuthenticationError` (nobody is anonymous here) and `BodyTooLarge`.
 */
export async function identify(request: Request, door: Door): Promise<{ caller: Caller; body: Uint8Array }> {
  const facts = requestFacts(request, door.clientAddress, door.clock);
  const pieces = request.body && streamPieces(request.body, null, { ...door.patience, clock: door.clock });
  const authorization = request.headers.get("authorization") ?? "";
  if (/^Basic /i.test(authorization) || authorization === "") {
    const { id, secret } = basicCredentials(authorization);
    const caller = await door.authenticator.password(id, secret, facts);
    return { caller, body: await readWhole({ request, pieces }, OWN_BODY_BYTES_MAX) };
  }
  const body = await readWhole({ request, pieces }, OWN_BODY_BYTES_MAX);
  const { rawPath, rawQuery } = cutUrl(request.url);
  const bodySha256Hex = createHash("sha256").update(body).digest("hex");
  const head = { method: request.method, rawPath, rawQuery, headers: new Map(request.headers), bodySha256Hex };
  const { caller } = await door.authenticator.head(head, signing, facts);
  return { caller, body };
}

/** Both empty if there are none. */
function basicCredentials(authorization: string): { id: string; secret: string } {
  const encoded = /^Basic +([A-Za-z0-9+/]{1,1000}={0,2})$/i.exec(authorization)?.[1] ?? "";
  const [, id = "", secret = ""] = /^([^:]*):([\s\S]*)$/.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  return { id, secret };
}
