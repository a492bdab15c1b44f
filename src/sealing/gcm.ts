import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { TAG_BYTES } from "./sealed-layout.ts";

/** AES-256-GCM, NIST SP 800-38D: 32-byte keys, 12-byte nonces, 16-byte tags. */
const CIPHER = "aes-256-gcm";

export const NONCE_BYTES = 12;

/** What a message is encrypted with. A nonce is used once under a key. */
export interface GcmParameters {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  /** Authenticated, not encrypted. Absent: nothing. */
  readonly additional?: Uint8Array;
}

/** Ciphertext and tag. */
export function encryptGcm({ key, nonce, additional }: GcmParameters, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce);
  if (additional) cipher.setAAD(additional);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The plain bytes, or null if anything is not what it was when they were encrypted. */
export function decryptGcm({ key, nonce, additional }: GcmParameters, sealed: Uint8Array): Buffer | null {
  const cut = sealed.length - TAG_BYTES;
  if (cut < 0) return null;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  if (additional) decipher.setAAD(additional);
  decipher.setAuthTag(sealed.subarray(cut));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, cut)), decipher.final()]);
  } catch {
    // GCM throws for one reason here: the tag does not fit.
    return null;
  }
}
