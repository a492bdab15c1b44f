import type { BlockBinding } from "./block-crypto.ts";
import { NONCE_BYTES } from "./gcm.ts";

/**
 * What a block is bound to. Its nonce is its number, big-endian: under one body's key each number is used for one block only. The additional
 * data are body id (16 bytes), size of the whole plain body (u64), number of the block (u64), big-endian. The size says which
 * block is the last one, so a body that was shortened or extended does not open either.
 */
export function blockBinding(bodyId: Uint8Array, plainBytes: number, block: number): BlockBinding {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(NONCE_BYTES - 8, BigInt(block));
  const additional = new Uint8Array(bodyId.length + 16);
  additional.set(bodyId);
  const view = new DataView(additional.buffer);
  view.setBigUint64(bodyId.length, BigInt(plainBytes));
  view.setBigUint64(bodyId.length + 8, BigInt(block));
  return { nonce, additional };
}
