import { Buffer } from "node:buffer";
import { createHmac, hkdfSync } from "node:crypto";
import type { RandomBytes } from "../base/random.ts";
import { decryptGcm, encryptGcm, NONCE_BYTES } from "./gcm.ts";
import { TAG_BYTES } from "./sealed-layout.ts";

/** What is sealed. Each purpose has a key of its own, so that one secret cannot be taken for another. */
export type SealingPurpose =
  /** A user's secret access key. */
  | "access-key"
  /** A session token. */
  | "session"
  /** The key of an object version that is encrypted with SSE-S3. */
  | "object-key"
  /** The key of a snapshot of the metadata. */
  | "snapshot"
  /** Key material of the KMS. */
  | "kms-key"
  /** A data key that the KMS gave out. */
  | "kms-data-key"
  /** The content of a message in a queue. */
  | "queue-message"
  /** What a client shows to prove that it received a message, or started a move of messages. */
  | "queue-handle"
  /** The content of a message on its way to a topic's subscriptions. */
  | "topic-message"
  /** The private key that messages of topics are signed with. */
  | "signing-key"
  /** Where the answer to a query goes on. */
  | "query-token";

/**
 * Encrypts secrets that lie in D1 or that clients hold, under keys that are derived from the deployment's root secrets.
 *
 * Sealed text is base64url, without padding, of: version (1 byte), id of the root secret (4), nonce (12), ciphertext, tag (16).
 */
export interface Sealer {
  /**
   * `context` is what the secret belongs to (an access key id). It is authenticated, so that a sealed secret cannot be moved to
   * another row. The result is printable ASCII.
   */
  seal(purpose: SealingPurpose, context: string, plain: string | Uint8Array): string;
  /** The secret as text, or null if it was sealed by another server or for something else, or altered. Takes all root secrets. */
  open(purpose: SealingPurpose, context: string, sealed: string): string | null;
  /** The same, as bytes. */
  openBytes(purpose: SealingPurpose, context: string, sealed: string): Uint8Array | null;
  /** False if it was sealed under another root secret than the newest. */
  isCurrent(sealed: string): boolean;
  /** Id of the root secret that sealed it, 8 hex digits; null: it is no sealed text. The id tells nothing of the secret. */
  rootOf(sealed: string): string | null;
  /** Ids of the root secrets, the newest first. */
  readonly roots: readonly string[];
}

/** 1: the purpose's key encrypts, and the context is the additional data. 2: the key is derived from the context as well. */
type Version = 1 | 2;

const ID_BYTES = 4;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;

/**
 * Random nonces are safe for some 2^32 messages a key. There may be more objects than that, so each of them has a key of its own. What
 * was sealed before stays as it is.
 */
const VERSIONS: Readonly<Record<SealingPurpose, Version>> = {
  "access-key": 1,
  "query-token": 1,
  session: 1,
  "object-key": 2,
  snapshot: 2,
  "kms-key": 2,
  "kms-data-key": 2,
  "queue-message": 2,
  "queue-handle": 2,
  "topic-message": 2,
  "signing-key": 2,
};
const PURPOSES = Object.keys(VERSIONS) as SealingPurpose[];

/** The keys of one root secret. */
interface RootKeys {
  /** Tells which root secret sealed something. It tells nothing of the secret itself. */
  readonly id: Buffer;
  readonly keys: Readonly<Record<SealingPurpose, Buffer>>;
}

/**
 * AES-256-GCM (NIST SP 800-38D) with random nonces, under keys derived by HKDF-SHA-256 (RFC 5869). Seals under the first of `secrets`;
 * opens what any of them sealed, so that a root secret can be replaced. At least one.
 */
export function rootSealer(secrets: readonly string[], random: RandomBytes): Sealer {
  const roots = secrets.map(deriveKeys);
  const [current] = roots;
  if (!current) throw new Error("a sealer needs a root secret");
  const openBytes: Sealer["openBytes"] = (purpose, context, sealed) => {
    const bytes = decode(sealed);
    if (bytes?.[0] !== VERSIONS[purpose]) return null;
    const root = roots.find(({ id }) => id.equals(idOf(bytes)));
    if (root === undefined) return null;
    const nonce = bytes.subarray(1 + ID_BYTES, HEAD_BYTES);
    return decryptGcm({ ...parametersFor(root, purpose, context), nonce }, bytes.subarray(HEAD_BYTES));
  };
  return {
    seal(purpose, context, plain) {
      const nonce = random(NONCE_BYTES);
      const sealed = encryptGcm({ ...parametersFor(current, purpose, context), nonce }, bytesOf(plain));
      return Buffer.concat([Uint8Array.of(VERSIONS[purpose]), current.id, nonce, sealed]).toString("base64url");
    },
    open(purpose, context, sealed) {
      const bytes = openBytes(purpose, context, sealed);
      return bytes === null ? null : Buffer.from(bytes).toString("utf8");
    },
    openBytes,
    isCurrent(sealed) {
      const bytes = decode(sealed);
      return bytes !== null && current.id.equals(idOf(bytes));
    },
    rootOf(sealed) {
      const bytes = decode(sealed);
      return bytes === null ? null : idOf(bytes).toString("hex");
    },
    roots: roots.map(({ id }) => id.toString("hex")),
  };
}

function bytesOf(plain: string | Uint8Array): Uint8Array {
  return typeof plain === "string" ? Buffer.from(plain, "utf8") : plain;
}

function deriveKeys(secret: string): RootKeys {
  const derive = (info: string, length: number) =>
    Buffer.from(hkdfSync("sha256", secret, new Uint8Array(0), `sherd/1/${info}`, length));
  const keys = Object.fromEntries(PURPOSES.map((purpose) => [purpose, derive(purpose, 32)]));
  return { id: derive("root id", ID_BYTES), keys: keys as Record<SealingPurpose, Buffer> };
}

function parametersFor({ keys }: RootKeys, purpose: SealingPurpose, context: string) {
  const key = keys[purpose];
  if (VERSIONS[purpose] === 1) return { key, additional: Buffer.from(context, "utf8") };
  return { key: createHmac("sha256", key).update(context, "utf8").digest() };
}

/** The bytes of a sealed text in its one spelling, or null. */
function decode(sealed: string): Buffer | null {
  if (!/^[A-Za-z0-9_-]+$/.test(sealed)) return null;
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < HEAD_BYTES + TAG_BYTES || (bytes[0] !== 1 && bytes[0] !== 2)) return null;
  return bytes.toString("base64url") === sealed ? bytes : null;
}

function idOf(bytes: Buffer): Buffer {
  return bytes.subarray(1, 1 + ID_BYTES);
}
