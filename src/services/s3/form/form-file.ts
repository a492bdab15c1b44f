import type { Buffer } from "node:buffer";
import { decodedSizeMaxBytes } from "../../../auth/sigv4/limits.ts";
import type { BodyPieces } from "../../../base/body-pieces.ts";
import { concat } from "../../../base/bytes.ts";
import { nextPiece, type PayloadBytes } from "../body/payload-pieces.ts";
import { S3Error } from "../errors/error.ts";
import { findDelimiter } from "./delimiter.ts";
import { FORM_DATA_MAX_BYTES, type FormHead } from "./form-head.ts";

/** Limits of the file's size, inclusive. */
export interface SizeRange {
  readonly minBytes: number;
  readonly maxBytes: number;
}

export interface FormBody {
  readonly pieces: BodyPieces;
  readonly marker: Buffer;
  /** Content-Length. */
  readonly sizeBytes: number;
}

const NO_TRAILERS: ReadonlyMap<string, string> = new Map();
const nothing = new Uint8Array(0);
/** Hyphens after the last boundary. Most senders add a line break. */
const CLOSE_BYTES = 2;

/**
 * The file of a form, found in the body while it streams: one piece of it is in memory. Its length
 * is known only at its end. Before, it is at most the rest of the body without the shortest
 * delimiter, and at least that less the bytes that may follow a file. The bytes after it are
 * discarded.
 *
 * `next` throws EntityTooLarge as soon as there is too much. At the end it throws EntityTooSmall,
 * MalformedPOSTRequest if no delimiter came, IncompleteBody if the connection was cut. The
 * constructor throws EntityTooLarge if the length of the body alone shows it.
 */
export class FormFile implements PayloadBytes {
  readonly sizeBytes: number;
  readonly sizeIsBound = true;
  readonly trailers = NO_TRAILERS;
  readonly #body: FormBody;
  readonly #range: SizeRange;
  /**
   * Bytes of the body that may be the beginning of a delimiter, or came with the head of the form.
   */
  #carried: Uint8Array;
  #bodyLeftBytes: number;
  #fileBytes = 0;
  #begun = false;
  /** The first byte after the file is known. */
  #ended = false;

  constructor(body: FormBody, head: FormHead, range: SizeRange) {
    this.#body = body;
    this.#range = { ...range, maxBytes: Math.min(range.maxBytes, decodedSizeMaxBytes) };
    this.#carried = head.rest;
    this.#bodyLeftBytes = body.sizeBytes - head.fileOffsetBytes - head.rest.length;
    this.sizeBytes = body.sizeBytes - head.fileOffsetBytes - body.marker.length - CLOSE_BYTES;
    if (this.sizeBytes < 0) throw new S3Error("MalformedPOSTRequest");
    if (this.sizeBytes - FORM_DATA_MAX_BYTES > this.#range.maxBytes) throw this.#tooLarge();
  }

  release(): void {
    this.#body.pieces.release();
  }

  async next(): Promise<Uint8Array | null> {
    while (!this.#ended) {
      const window = await this.#window();
      const found = findDelimiter(window, this.#body.marker);
      this.#ended = found.kind !== "none";
      this.#carried = this.#ended ? nothing : window.slice(found.at);
      this.#count(found.at);
      if (found.at > 0) return window.subarray(0, found.at);
    }
    await this.#readAway();
    if (this.#fileBytes < this.#range.minBytes) throw this.#tooSmall();
    return null;
  }

  #count(bytes: number): void {
    this.#fileBytes += bytes;
    if (this.#fileBytes > this.#range.maxBytes) throw this.#tooLarge();
    if (this.#ended && this.sizeBytes - this.#fileBytes > FORM_DATA_MAX_BYTES) {
      throw new S3Error(
        "MalformedPOSTRequest",
        `The file must be the last field: more than ${FORM_DATA_MAX_BYTES} bytes follow it.`,
      );
    }
  }

  /** The next bytes of the body, after those that were carried over. */
  async #window(): Promise<Uint8Array> {
    // Bytes that came with the head are processed before anything is read: reading may reuse their
    // memory.
    if (!this.#begun) {
      this.#begun = true;
      return this.#carried;
    }
    const piece = await this.#piece();
    if (piece === null) throw new S3Error("MalformedPOSTRequest");
    return this.#carried.length === 0 ? piece : concat([this.#carried, piece]);
  }

  async #readAway(): Promise<void> {
    while ((await this.#piece()) !== null);
  }

  async #piece(): Promise<Uint8Array | null> {
    if (this.#bodyLeftBytes <= 0) return null;
    const piece = await nextPiece(this.#body.pieces);
    if (piece === null) throw new S3Error("IncompleteBody");
    this.#bodyLeftBytes -= piece.length;
    return piece;
  }

  /**
   * The reported size assumes the usual end of a form, with a line break: the whole file is not
   * waited for.
   */
  #tooLarge(): S3Error {
    return new S3Error("EntityTooLarge", undefined, {
      ProposedSize: String(Math.max(this.#fileBytes, this.sizeBytes - 2)),
      MaxSizeAllowed: String(this.#range.maxBytes),
    });
  }

  #tooSmall(): S3Error {
    return new S3Error("EntityTooSmall", undefined, {
      ProposedSize: String(this.#fileBytes),
      MinSizeAllowed: String(this.#range.minBytes),
    });
  }
}
