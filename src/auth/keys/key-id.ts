import type { RandomBytes } from "../../base/random.ts";

/** Base32. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * An access key id (`AKIA…`, or `ASIA…` for temporary credentials) of 20 characters: 40 bits are the account, as in AWS's, so GetAccessKeyInfo needs no look-up; 39 are random.
 * Uniqueness is the table's.
 */
export function newKeyId(prefix: "AKIA" | "ASIA", accountId: string, random: RandomBytes): string {
  const bytes = random(5);
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  const number = (1n << 79n) | (BigInt(accountId) << 39n) | (bits & ((1n << 39n) - 1n));
  let id = "";
  for (let at = 75n; at >= 0n; at -= 5n) id += ALPHABET.charAt(Number((number >> at) & 31n));
  return prefix + id;
}

/** The account that a key id made here (or a session's) belongs to; null if it cannot have been made here. */
export function accountOfKeyId(keyId: string): string | null {
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(keyId)) return null;
  let number = 0n;
  for (const char of keyId.slice(4)) number = (number << 5n) | BigInt(ALPHABET.indexOf(char));
  if (number >> 79n !== 1n) return null;
  const account = (number >> 39n) & ((1n << 40n) - 1n);
  return account > 999_999_999_999n ? null : `${account}`.padStart(12, "0");
}

/** A secret access key: 40 characters of base64 (240 bits). */
export function newSecret(random: RandomBytes): string {
  return btoa(String.fromCharCode(...random(30)));
}
