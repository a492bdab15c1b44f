import { concat, toHex } from "../base/bytes.ts";

/**
 * What Encrypt and the like return (`CiphertextBlob`): version 1 (1 byte), the key's id (16), the number of the material that
 * encrypted (4, big endian; 0: the key is held elsewhere), and the sealed text. Opaque to clients.
 */
export interface Ciphertext {
  readonly keyId: string;
  readonly material: number;
  /** Of `cipher.ts`, or as the place where the key is held returned it. */
  readonly sealed: Uint8Array;
}

const VERSION = 1;
const HEAD_BYTES = 1 + 16 + 4;

export function formatCiphertext({ keyId, material, sealed }: Ciphertext): Uint8Array {
  return concat([ciphertextHead({ keyId, material }), sealed]);
}

/** The bytes before the sealed text; they are authenticated with it. */
export function ciphertextHead({ keyId, material }: Pick<Ciphertext, "keyId" | "material">): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  head[0] = VERSION;
  const digits = keyId.replaceAll("-", "");
  for (let at = 0; at < 16; at++) head[1 + at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  new DataView(head.buffer).setUint32(17, material);
  return head;
}

/** Null: it is no ciphertext of this server's. */
export function parseCiphertext(blob: Uint8Array): Ciphertext | null {
  if (blob.length <= HEAD_BYTES || blob[0] !== VERSION) return null;
  const material = new DataView(blob.buffer, blob.byteOffset, blob.byteLength).getUint32(17);
  return { keyId: formatUuid(blob.subarray(1, 17)), material, sealed: blob.subarray(HEAD_BYTES) };
}

/** 16 bytes as 8-4-4-4-12 hex digits. */
export function formatUuid(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
