import type { VersionRef } from "../metadata/objects/objects.ts";
import { isId } from "./placement/ids.ts";

/**
 * Version ids as S3 prints them: "null" for the null version, otherwise 32 characters: six of Crockford's base32 for the order
 * within the key, so that the version is found by one seek, and the version's unguessable id.
 */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SEQ_CHARACTERS = 6;

export function formatVersionId({ seq, id, isNull }: { seq: number; id: string; isNull: boolean }): string {
  if (isNull) return "null";
  let rest = seq;
  let text = "";
  for (let at = 0; at < SEQ_CHARACTERS; at++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text + id;
}

/** The version that an id names, or null if no version can have it. */
export function parseVersionId(text: string): Exclude<VersionRef, { kind: "current" }> | null {
  if (text === "null") return { kind: "null" };
  const id = text.slice(SEQ_CHARACTERS);
  if (!isId(id)) return null;
  let seq = 0;
  for (const character of text.slice(0, SEQ_CHARACTERS)) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    seq = seq * 32 + digit;
  }
  return { kind: "id", seq, id };
}
