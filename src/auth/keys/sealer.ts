import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { RandomBytes } from "../../base/random.ts";

/** What is sealed. Each has a key of its own, so that one cannot be taken for the other. */
export type SealingPurpose = "access-key" | "session";

/**
 * Encrypts secrets that lie in D1 or that clients hold, under keys that are derived from the deployment's root secret.
 *
 * Sealed text is base64url of: version (1 byte), id of the root secret (4), nonce (12), ciphertext, tag (16).
 */
export interface Sealer {
  /**
   * `context` is what the secret belongs to (an access key id). It is authenticated, so that a sealed secret cannot be moved to
   * another row. The result is printable ASCII.
   */
  seal(purpose: SealingPurpose, context: string, plain: string): string;
  /** The secret, or null if it was sealed by another server or for something else, or altered. Takes the previous root secret too. */
  open(purpose: SealingPurpose, context: string, sealed: string): string | null;
  /** False if it was sealed under another root secret than the current one. */
  isCurrent(sealed: string): boolean;
}

const VERSION = 1;
const ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;
const CIPHER = "aes-256-gcm";

/** The keys of one root secret. */
interface RootKeys {
  /** Tells which root secret sealed something. It tells nothing of the secret itself. */
  readonly id: Buffer;
  readonly keys: Readonly<Record<SealingPurpose, Buffer>>;
}

/**
 * AES-256-GCM (NIST SP 800-38D) with random nonces, under keys derived by HKDF-SHA-256 (RFC 5869). Seals under `current`; opens
 * what `previous` sealed too, so that the root secret can be replaced.
 */
export function rootSealer(secrets: { current: string; previous?: string | undefined }, random: RandomBytes): Sealer {
  const current = deriveKeys(secrets.current);
  const roots = secrets.previous ? [current, deriveKeys(secrets.previous)] : [current];
  return {
    seal(purpose, context, plain) {
      const nonce = random(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, current.keys[purpose], nonce).setAAD(Buffer.from(context, "utf8"));
      const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return Buffer.concat([Uint8Array.of(VERSION), current.id, nonce, body, cipher.getAuthTag()]).toString(
        "base64url",
      );
    },
    open(purpose, context, sealed) {
      const bytes = decode(sealed);
      if (bytes === null) return null;
      const root = roots.find(({ id }) => id.equals(idOf(bytes)));
      return root === undefined ? null : decrypt(bytes, root.keys[purpose], context);
    },
    isCurrent(sealed) {
      const bytes = decode(sealed);
      return bytes !== null && current.id.equals(idOf(bytes));
    },
  };
}

function deriveKeys(secret: string): RootKeys {
  const derive = (info: string, length: number) =>
    Buffer.from(hkdfSync("sha256", secret, new Uint8Array(0), `sherd/1/${info}`, length));
  return {
    id: derive("root id", ID_BYTES),
    keys: { "access-key": derive("access-key", 32), session: derive("session", 32) },
  };
}

/** The bytes of a sealed text in its one spelling, or null. */
function decode(sealed: string): Buffer | null {
  if (!/^[A-Za-z0-9_-]+$/.test(sealed)) return null;
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== VERSION) return null;
  return bytes.toString("base64url") === sealed ? bytes : null;
}

function idOf(bytes: Buffer): Buffer {
  return bytes.subarray(1, 1 + ID_BYTES);
}

function decrypt(bytes: Buffer, key: Buffer, context: string): string | null {
  const nonce = bytes.subarray(1 + ID_BYTES, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(context, "utf8"),
  );
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const body = bytes.subarray(HEAD_BYTES, bytes.length - TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
  } catch {
    // GCM throws for one reason here: the tag does not fit.
    return null;
  }
}
