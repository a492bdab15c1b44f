import { blockBinding } from "./block-binding.ts";
import type { BlockCrypto, BlockKey } from "./block-crypto.ts";
import { TAG_BYTES } from "./sealed-layout.ts";

/** A body that is sealed in blocks. */
export interface SealedBody {
  /** 16 bytes, unguessable. */
  readonly bodyId: Uint8Array;
  readonly plainBytes: number;
  /** One for each layer, the inner one first. */
  readonly keys: readonly Uint8Array[];
}

/** Seals and opens the blocks of one body. */
export class BodyCipher {
  readonly #keys: readonly BlockKey[];
  readonly #body: SealedBody;
  #nextSealed = 0;

  private constructor(keys: readonly BlockKey[], body: SealedBody) {
    this.#keys = keys;
    this.#body = body;
  }

  static async create(blocks: BlockCrypto, body: SealedBody): Promise<BodyCipher> {
    return new BodyCipher(await Promise.all(body.keys.map(blocks)), body);
  }

  /**
   * Ciphertext and tags, in memory of their own. Blocks are sealed in ascending order: one that comes again would use its nonce
   * twice, and throws.
   */
  async seal(block: number, plain: Uint8Array): Promise<Uint8Array> {
    if (block < this.#nextSealed) throw new Error(`block ${block} of a body was sealed before`);
    this.#nextSealed = block + 1;
    let bytes = plain;
    for (const key of this.#keys) bytes = await key.encrypt(this.#bindingOf(block), bytes);
    return bytes;
  }

  /** The plain bytes, in memory of their own, or null if this is not that block of that body. */
  async open(block: number, sealed: Uint8Array): Promise<Uint8Array | null> {
    if (sealed.length < this.#keys.length * TAG_BYTES) return null;
    let bytes: Uint8Array | null = sealed;
    for (const key of this.#keys.toReversed()) bytes = bytes && (await key.decrypt(this.#bindingOf(block), bytes));
    return bytes;
  }

  #bindingOf(block: number) {
    return blockBinding(this.#body.bodyId, this.#body.plainBytes, block);
  }
}
