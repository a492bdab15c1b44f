import type { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { concat } from "../base/bytes.ts";
import type { RandomBytes } from "../base/random.ts";
import { NONCE_BYTES } from "../sealing/gcm.ts";

const SALT_BYTES = 16;
const TAG_BYTES = 16;
const HEAD_BYTES = SALT_BYTES + NONCE_BYTES;
const CIPHER = "aes-256-gcm";

/**
 * Encrypts under a key material of 32 bytes. The result is salt (16 bytes), nonce (12), ciphertext, tag (16).
 *
 * AES-256-GCM (NIST SP 800-38D) under a key of its own for each message, HMAC-SHA-256 of the salt under the material: a random nonce alone
 * would be safe for some 2^32 messages, and a key of the KMS has no such bound.
 */
export function encryptUnder(
  material: Uint8Array,
  { plain, additional }: { plain: Uint8Array; additional: Uint8Array },
  random: RandomBytes,
): Uint8Array {
  const head = random(HEAD_BYTES);
  const cipher = createCipheriv(CIPHER, messageKey(material, head), head.subarray(SALT_BYTES)).setAAD(additional);
  return concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Null: it was altered, or encrypted under another material or with other additional data. */
export function decryptUnder(
  material: Uint8Array,
  { sealed, additional }: { sealed: Uint8Array; additional: Uint8Array },
): Uint8Array | null {
  if (sealed.length < HEAD_BYTES + TAG_BYTES) return null;
  const nonce = sealed.subarray(SALT_BYTES, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, messageKey(material, sealed), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(additional).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const body = decipher.update(sealed.subarray(HEAD_BYTES, sealed.length - TAG_BYTES));
    return concat([body, decipher.final()]);
  } catch {
    // GCM throws for one reason here: the tag does not fit.
    return null;
  }
}

function messageKey(material: Uint8Array, salted: Uint8Array): Buffer {
  return createHmac("sha256", material).update("sherd/kms/1").update(salted.subarray(0, SALT_BYTES)).digest();
}

/** What a material is called (`KeyMaterialId`): 64 hex digits, which tell nothing of it. */
export function materialId(material: Uint8Array): string {
  return createHmac("sha256", material).update("sherd/kms/1/id").digest("hex");
}
