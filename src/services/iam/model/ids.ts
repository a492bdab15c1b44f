import type { RandomBytes } from "../../../base/random.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an id is of: "Unique identifiers" in the IAM User Guide. */
export type IdPrefix = "AIDA" | "AGPA" | "AROA" | "ANPA";

/** A unique id of 21 characters, of which 17 are random (85 bits). */
export function newUniqueId(prefix: IdPrefix, random: RandomBytes): string {
  return prefix + Array.from(random(17), (byte) => ALPHABET.charAt(byte & 31)).join("");
}
