import { concat } from "../base/bytes.ts";
import type { EncryptionContext } from "../sealing/data-keys.ts";

/**
 * The one byte form of a context: pairs sorted by the UTF-8 bytes of their names, each name and value behind its length
 * (four bytes, big endian).
 */
export function canonicalContext(context: EncryptionContext): Uint8Array {
  const encoder = new TextEncoder();
  const pairs = Object.entries(context).map(([name, value]) => [encoder.encode(name), encoder.encode(value)] as const);
  pairs.sort(([a], [b]) => compareBytes(a, b));
  return concat(pairs.flat().flatMap((bytes) => [lengthOf(bytes), bytes]));
}

/** Of the context as JSON, which is what AWS bounds. */
export function contextSizeBytes(context: EncryptionContext): number {
  return new TextEncoder().encode(JSON.stringify(context)).length;
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
