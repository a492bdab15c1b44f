import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { RandomBytes } from "../base/random.ts";
import { decryptGcm, encryptGcm, NONCE_BYTES } from "./gcm.ts";

/**
 * Texts under a data key, which many of them may share: each is encrypted with AES-256-GCM under a key of its own, HMAC-SHA-256 of its context under
 * the data key. The result is base64 of nonce (12 bytes), ciphertext, tag (16).
 */
export function sealText(
  dataKey: Uint8Array,
  { context, text }: { context: string; text: string },
  random: RandomBytes,
): string {
  const nonce = random(NONCE_BYTES);
  const sealed = encryptGcm({ key: keyFor(dataKey, context), nonce }, Buffer.from(text, "utf8"));
  return Buffer.concat([nonce, sealed]).toString("base64");
}

/** The text; null: it was altered, or encrypted under another key or for another context. */
export function openText(dataKey: Uint8Array, { context, sealed }: { context: string; sealed: string }): string | null {
  const bytes = Buffer.from(sealed, "base64");
  const nonce = bytes.subarray(0, NONCE_BYTES);
  if (nonce.length < NONCE_BYTES) return null;
  return decryptGcm({ key: keyFor(dataKey, context), nonce }, bytes.subarray(NONCE_BYTES))?.toString("utf8") ?? null;
}

function keyFor(dataKey: Uint8Array, context: string): Buffer {
  return createHmac("sha256", dataKey).update(context, "utf8").digest();
}
