import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../base/random.ts";
import { blockBinding } from "./block-binding.ts";
import type { BlockCrypto } from "./block-crypto.ts";
import { BodyCipher } from "./body-cipher.ts";
import { decryptGcm, encryptGcm } from "./gcm.ts";
import { TAG_BYTES } from "./sealed-layout.ts";

export const KEY_BYTES = 32;
const BODY_ID_BYTES = 16;

/**
 * The key of one object version: random, and never used on bytes itself. Each body that belongs to the version (a blob, or bytes that lie
 * in its row) is sealed under a key of its own, derived from this one and the body's unguessable id, so that no nonce is ever used
 * twice. It shows itself to nobody: neither JSON nor a log line has its bytes.
 */
export class ObjectKey {
  readonly #bytes: Uint8Array;
  /** How often each block is encrypted: 1, or 2 with DSSE-KMS. */
  readonly layers: 1 | 2;

  constructor(bytes: Uint8Array, layers: 1 | 2 = 1) {
    if (bytes.length !== KEY_BYTES) throw new Error("an object's key has 32 bytes");
    this.#bytes = bytes;
    this.layers = layers;
  }

  static fresh(random: RandomBytes, layers: 1 | 2 = 1): ObjectKey {
    return new ObjectKey(random(KEY_BYTES), layers);
  }

  /** What tags take of each block. */
  get tagBytes(): number {
    return this.layers * TAG_BYTES;
  }

  isSameAs(other: ObjectKey): boolean {
    return this.layers === other.layers && timingSafeEqual(this.#bytes, other.#bytes);
  }

  /** Lets `seal` have the bytes, to encrypt them. */
  wrap<T>(seal: (bytes: Uint8Array) => T): T {
    return seal(this.#bytes);
  }

  /** The cipher of the body with this id (16 bytes), of `plainBytes` bytes. */
  cipherOf(bodyId: Uint8Array, plainBytes: number, blocks: BlockCrypto): Promise<BodyCipher> {
    return BodyCipher.create(blocks, { bodyId, plainBytes, keys: this.#bodyKeys(bodyId) });
  }

  /** Seals bytes that are kept whole: body id (16), ciphertext, tags. */
  sealBytes(plain: Uint8Array, random: RandomBytes): Uint8Array {
    const bodyId = random(BODY_ID_BYTES);
    const binding = blockBinding(bodyId, plain.length, 0);
    let bytes = plain;
    for (const key of this.#bodyKeys(bodyId)) bytes = encryptGcm({ key, ...binding }, bytes);
    return Buffer.concat([bodyId, bytes]);
  }

  /** The bytes that `sealBytes` sealed, or null where they were altered or belong to another object. */
  openBytes(sealed: Uint8Array): Uint8Array | null {
    const plainBytes = sealed.length - this.sealedOverheadBytes;
    if (plainBytes < 0) return null;
    const bodyId = sealed.subarray(0, BODY_ID_BYTES);
    const binding = blockBinding(bodyId, plainBytes, 0);
    let bytes: Uint8Array | null = sealed.subarray(BODY_ID_BYTES);
    for (const key of this.#bodyKeys(bodyId).toReversed()) bytes = bytes && decryptGcm({ key, ...binding }, bytes);
    return bytes;
  }

  /** What `sealBytes` adds. */
  get sealedOverheadBytes(): number {
    return sealedOverheadBytes(this.layers);
  }

  toJSON(): string {
    return "[object key]";
  }

  #bodyKeys(bodyId: Uint8Array): Uint8Array[] {
    const keyOf = (layer: number) =>
      createHmac("sha256", this.#bytes).update(`sherd/1/body/${layer}`).update(bodyId).digest();
    return this.layers === 1 ? [keyOf(1)] : [keyOf(1), keyOf(2)];
  }
}

/** What sealing adds to bytes that are kept whole. */
export function sealedOverheadBytes(layers: 1 | 2): number {
  return BODY_ID_BYTES + layers * TAG_BYTES;
}
