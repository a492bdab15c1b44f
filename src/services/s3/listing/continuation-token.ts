import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { invalidArgument } from "./parameters.ts";

/**
 * Continuation tokens: opaque to clients. Each contains a check, so that a cut or altered token, or
 * one of another operation, is refused instead of starting a page at a wrong position. They hold no
 * secret and give no permission: a client that forges one only chooses a position.
 *
 * Base64url of eight bytes of SHA-256 over operation and text, then the text: the position as JSON.
 */
type Scope = "ListBuckets" | "ListIntelligentTiering" | "ListInventory" | "ListObjectAnnotations" | "ListObjectsV2";

const CHECK_BYTES = 8;

export function encodeToken(scope: Scope, position: unknown): string {
  const text = Buffer.from(JSON.stringify(position), "utf8");
  return Buffer.concat([checkOf(scope, text), text]).toString("base64url");
}

/**
 * The position that was given to `encodeToken` with the same scope. Throws InvalidArgument for any
 * other token.
 */
export function decodeToken(scope: Scope, token: string): unknown {
  const bytes = Buffer.from(token, "base64url");
  const text = bytes.subarray(CHECK_BYTES);
  const intact = bytes.toString("base64url") === token && checkOf(scope, text).equals(bytes.subarray(0, CHECK_BYTES));
  if (!intact) throw invalidArgument("continuation-token", token, "The continuation token provided is incorrect");
  return JSON.parse(text.toString("utf8"));
}

function checkOf(scope: Scope, text: Buffer): Buffer {
  return createHash("sha256").update(`${scope}\n`).update(text).digest().subarray(0, CHECK_BYTES);
}
