import type { Clock } from "../../base/clock.ts";
import type { RandomBytes } from "../../base/random.ts";

/**
 * Ids of blobs, versions, parts and uploads in the ULID form: 26 characters of Crockford's base32
 * for 48 bits of creation time in milliseconds and 80 random bits. Ids in order are in order of
 * creation, and cannot be guessed.
 */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ID_CHARACTERS = 26;
const ID_BYTES = 16;

/** A fresh id. */
export function newId({ clock, random }: { clock: Clock; random: RandomBytes }): string {
  let value = BigInt(Math.max(0, Math.floor(clock.now())));
  for (const byte of random(10)) value = (value << 8n) | BigInt(byte);
  return encode(value);
}

/** True if `text` has the form of an id. */
export function isId(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}

/** The 16 bytes of an id, as in shard headers. */
export function idBytes(id: string): Uint8Array {
  let value = decode(id);
  const bytes = new Uint8Array(ID_BYTES);
  for (let at = ID_BYTES - 1; at >= 0; at--) {
    bytes[at] = Number(value & 0xffn);
    value >>= 8n;
  }
  return bytes;
}

/** When the id was made, in milliseconds since 1970. */
export function idTimeMs(id: string): number {
  return Number(decode(id) >> 80n);
}

function encode(value: bigint): string {
  let rest = value;
  let text = "";
  for (let at = 0; at < ID_CHARACTERS; at++) {
    text = ALPHABET[Number(rest & 31n)] + text;
    rest >>= 5n;
  }
  return text;
}

function decode(id: string): bigint {
  let value = 0n;
  for (const character of id) value = (value << 5n) | BigInt(ALPHABET.indexOf(character));
  return value;
}
