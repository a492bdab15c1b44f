import { createHash, type Hash } from "node:crypto";
import type { AttributeValue } from "../../../queues/content.ts";

/** MD5 of a text in UTF-8, in hex. */
export function md5OfText(text: string): string {
  return createHash("md5").update(text, "utf8").digest("hex");
}

/**
 * MD5 of attributes, in hex; undefined if there are none: of each in the order of its name, its name, data type, one byte that tells text (1)
 * from bytes (2), and value; names, types and values with their lengths before them (4 bytes, big-endian).
 *
 * Follows "Calculating the MD5 message digest for message attributes" in the SQS Developer Guide.
 */
export function md5OfAttributes(attributes: ReadonlyMap<string, AttributeValue>): string | undefined {
  if (attributes.size === 0) return undefined;
  const hash = createHash("md5");
  for (const [name, { dataType, value }] of [...attributes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    addSized(hash, utf8(name));
    addSized(hash, utf8(dataType));
    hash.update(Uint8Array.of("text" in value ? 1 : 2));
    addSized(hash, "text" in value ? utf8(value.text) : value.bytes);
  }
  return hash.digest("hex");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function addSized(hash: Hash, bytes: Uint8Array): void {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  hash.update(length).update(bytes);
}
