import { toHex } from "../base/bytes.ts";
import type { RandomBytes } from "../base/random.ts";

/** A UUID, version 4 (RFC 9562). */
export function newMessageId(random: RandomBytes): string {
  const bytes = random(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Another one each time, of a row that says what it is at. */
export function newRevision(random: RandomBytes): string {
  return toHex(random(8));
}

/** A sequence number of a FIFO queue as the API prints it: 20 digits, which order as texts too. */
export function sequenceText(sequence: number): string {
  return `${10n ** 19n + BigInt(sequence)}`;
}
