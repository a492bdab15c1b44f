import type { RandomBytes } from "../base/random.ts";
import { formatUuid } from "./ciphertext.ts";

/** A random UUID (RFC 9562, version 4). */
export function newKeyId(random: RandomBytes): string {
  const bytes = random(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return formatUuid(bytes);
}
