import { decryptGcm, encryptGcm } from "./gcm.ts";
import { TAG_BYTES } from "./sealed-layout.ts";

/** One key of AES-256-GCM, for blocks of up to 256 KiB. */
export interface BlockKey {
  /** Ciphertext and tag, in memory of their own. */
  encrypt(binding: BlockBinding, plain: Uint8Array): Promise<Uint8Array>;
  /** The plain bytes, in memory of their own, or null if the tag does not fit. */
  decrypt(binding: BlockBinding, sealed: Uint8Array): Promise<Uint8Array | null>;
}

export interface BlockBinding {
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly additional: Uint8Array<ArrayBuffer>;
}

/** Makes a key of 32 bytes. */
export type BlockCrypto = (key: Uint8Array) => Promise<BlockKey>;

/**
 * By `crypto.subtle`. In workerd that is the fastest there is, and it computes on the JavaScript thread, so loops over a body yield by their
 * reads.
 */
export const subtleBlocks: BlockCrypto = async (bytes) => {
  const { subtle } = crypto;
  const key = await subtle.importKey("raw", bytes as Uint8Array<ArrayBuffer>, "AES-GCM", false, ["encrypt", "decrypt"]);
  const algorithm = ({ nonce, additional }: BlockBinding) => ({
    name: "AES-GCM",
    iv: nonce,
    additionalData: additional,
    tagLength: 8 * TAG_BYTES,
  });
  return {
    async encrypt(binding, plain) {
      return new Uint8Array(await subtle.encrypt(algorithm(binding), key, plain as Uint8Array<ArrayBuffer>));
    },
    async decrypt(binding, sealed) {
      try {
        return new Uint8Array(await subtle.decrypt(algorithm(binding), key, sealed as Uint8Array<ArrayBuffer>));
      } catch (error) {
        if (error instanceof DOMException && error.name === "OperationError") return null;
        throw error;
      }
    },
  };
};

/** By `node:crypto`: the same bytes at once, where `crypto.subtle` leaves the thread, as in Node, and order must not depend on that. */
export const nodeBlocks: BlockCrypto = async (key) => ({
  encrypt: async (binding, plain) => encryptGcm({ key, ...binding }, plain),
  decrypt: async (binding, sealed) => decryptGcm({ key, ...binding }, sealed),
});
