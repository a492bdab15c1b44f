import { SelectFailure } from "../failure.ts";
import type { Pieces, ReadCounts } from "./pieces.ts";
import { ReadAhead } from "./read-ahead.ts";

/** Longest record that is read, as at AWS. */
export const RECORD_MAX_BYTES = 1024 * 1024;
/** Room behind the bytes, for sentinels. */
const SLACK_BYTES = 64;
const FILL_MIN_BYTES = 64 * 1024;

/**
 * The part of the input that is in memory: from `at`, where the record that is being read begins, to `end`. It holds one record and what was read
 * with it, never more.
 */
export class InputWindow {
  bytes = new Uint8Array(FILL_MIN_BYTES + SLACK_BYTES);
  at = 0;
  end = 0;
  /** Nothing comes after `end`. */
  isFinal = false;
  /** Position of `bytes[0]` in the input. */
  baseOffset: number;
  readonly #pieces: ReadAhead;
  readonly #counts: ReadCounts;

  /** `baseOffset` is where `pieces` begin. */
  constructor(pieces: Pieces, counts: ReadCounts, baseOffset: number) {
    this.#pieces = new ReadAhead(pieces);
    this.#counts = counts;
    this.baseOffset = baseOffset;
  }

  /**
   * Reads on, at least as much as is there already, so that a record that does not fit is not scanned over and over. False if there is no more.
   * Throws OverMaxRecordSize.
   */
  async fill(): Promise<boolean> {
    if (this.isFinal) return false;
    const restBytes = this.end - this.at;
    if (restBytes > RECORD_MAX_BYTES) throw new SelectFailure("OverMaxRecordSize");
    this.bytes.copyWithin(0, this.at, this.end);
    this.baseOffset += this.at;
    this.at = 0;
    this.end = restBytes;
    const wantedBytes = restBytes + Math.max(restBytes, FILL_MIN_BYTES);
    while (this.end < wantedBytes) {
      const piece = await this.#pieces.next();
      if (piece === null) {
        this.isFinal = true;
        break;
      }
      this.#append(piece);
    }
    // What is in the window is a copy.
    if (!this.isFinal) this.#pieces.prime();
    return true;
  }

  cancel(): Promise<void> {
    return this.#pieces.cancel();
  }

  #append(piece: Uint8Array): void {
    const neededBytes = this.end + piece.length + SLACK_BYTES;
    if (neededBytes > this.bytes.length) {
      const larger = new Uint8Array(neededBytes);
      larger.set(this.bytes.subarray(0, this.end));
      this.bytes = larger;
    }
    this.bytes.set(piece, this.end);
    this.end += piece.length;
    this.#counts.processedBytes += piece.length;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of bytes that are UTF-8. Throws InvalidTextEncoding. */
export function decodeText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= 16) {
    let text = "";
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (byte >= 0x80) return decodeUtf8(bytes, from, to);
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decodeUtf8(bytes, from, to);
}

function decodeUtf8(bytes: Uint8Array, from: number, to: number): string {
  try {
    return decoder.decode(bytes.subarray(from, to));
  } catch (cause) {
    throw new SelectFailure("InvalidTextEncoding", undefined, { cause });
  }
}
