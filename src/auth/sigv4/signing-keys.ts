import type { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { signingKeysMax } from "./limits.ts";
import type { CredentialScope } from "./request-head.ts";

/** The key that signs everything of one secret in one scope ("Signature Calculations …", task 3). */
export function deriveSigningKey(secret: string, scope: CredentialScope): Buffer {
  const dateKey = hmac(`AWS4${secret}`, scope.date);
  return hmac(hmac(hmac(dateKey, scope.region), scope.service), "aws4_request");
}

/** `date/region/service/aws4_request`, as it stands in a string to sign. */
export function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/**
 * Derived signing keys, the least recently used dropped first. A key enters only once a signature has been verified
 * with it, so that requests with invented regions cannot push out the keys in use.
 */
export class SigningKeyCache {
  readonly #keysMax: number;
  /** By secret and scope; a Map keeps the order in which keys were last used. */
  readonly #keys = new Map<string, Buffer>();

  constructor(keysMax = signingKeysMax) {
    this.#keysMax = keysMax;
  }

  get size(): number {
    return this.#keys.size;
  }

  find(secret: string, scope: CredentialScope): Buffer | undefined {
    const id = cacheId(secret, scope);
    const key = this.#keys.get(id);
    if (key === undefined) return undefined;
    this.#keys.delete(id);
    this.#keys.set(id, key);
    return key;
  }

  remember(secret: string, scope: CredentialScope, key: Buffer): void {
    const id = cacheId(secret, scope);
    this.#keys.delete(id);
    this.#keys.set(id, key);
    if (this.#keys.size <= this.#keysMax) return;
    const oldest = this.#keys.keys().next();
    if (!oldest.done) this.#keys.delete(oldest.value);
  }
}

/** No part of a scope holds a slash, so no two pairs of secret and scope share an id. */
function cacheId(secret: string, scope: CredentialScope): string {
  return `${scopeText(scope)}/${secret}`;
}
