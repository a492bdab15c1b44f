import { Buffer } from "node:buffer";
import type { BodyPieces } from "../../../base/body-pieces.ts";
import { nextPiece } from "../body/payload-pieces.ts";
import { S3Error } from "../errors/error.ts";
import { findDelimiter } from "./delimiter.ts";
import type { FormField, FormFields } from "./form-fields.ts";
import { decodeUtf8, type PartHead, parsePartHead } from "./part-head.ts";

/** S3: "The form data and boundaries (excluding the contents of the file) cannot exceed 20 KB." */
export const FORM_DATA_MAX_BYTES = 20 * 1024;
/** S3's name for the part that holds the file. Those after it are ignored. */
const FILE_FIELD = "file";
const lineBreak = Buffer.from("\r\n", "latin1");
const emptyLine = Buffer.from("\r\n\r\n", "latin1");

/** A form up to the first byte of its file. */
export interface FormHead {
  readonly fields: FormFields;
  /** Null if the part has no file name. */
  readonly fileName: string | null;
  /** Position of the file in the body. */
  readonly fileOffsetBytes: number;
  /**
   * Bytes of the file (and perhaps after it) that came with the last piece; valid until the next
   * one is read.
   */
  readonly rest: Uint8Array;
}

/**
 * Reads the fields of a form, which come before its file, and nothing of the file beyond the same
 * piece. Holds 20 KB at most. Throws MalformedPOSTRequest, MaxPostPreDataLengthExceeded,
 * InvalidArgument if there is no file, and IncompleteBody.
 */
export async function readFormHead(pieces: BodyPieces, marker: Buffer): Promise<FormHead> {
  const parser = new HeadParser(marker);
  for (;;) {
    const piece = await nextPiece(pieces);
    if (piece === null) throw new S3Error("MalformedPOSTRequest");
    const head = parser.push(piece);
    if (head !== null) return head;
  }
}

class HeadParser {
  readonly #marker: Buffer;
  /** Begins with a line break that was not sent: the first delimiter is then like the others. */
  readonly #bytes = Buffer.alloc(lineBreak.length + FORM_DATA_MAX_BYTES);
  #length = lineBreak.copy(this.#bytes);
  readonly #fields = new Map<string, FormField>();
  /** The part whose value is being read; null before the first. */
  #part: PartHead | null = null;
  #inHead = false;
  /** Beginning of the part's head or value. */
  #begin = 0;
  /** No delimiter begins before this. */
  #searched = 0;

  constructor(marker: Buffer) {
    this.#marker = marker;
  }

  push(piece: Uint8Array): FormHead | null {
    const knownBytes = this.#length;
    const taken = piece.subarray(0, this.#bytes.length - knownBytes);
    this.#bytes.set(taken, knownBytes);
    this.#length += taken.length;
    while (this.#inHead ? this.#readHead() : this.#readValue()) {
      if (this.#part?.name.toLowerCase() !== FILE_FIELD || this.#inHead) continue;
      return {
        fields: this.#fields,
        fileName: this.#part.fileName,
        fileOffsetBytes: this.#begin - lineBreak.length,
        rest: piece.subarray(this.#begin - knownBytes),
      };
    }
    if (taken.length === piece.length) return null;
    throw new S3Error("MaxPostPreDataLengthExceeded", undefined, {
      MaxPostPreDataLengthBytes: String(FORM_DATA_MAX_BYTES),
    });
  }

  /** Both of these return whether they are complete: otherwise more bytes are needed. */
  #readValue(): boolean {
    const found = findDelimiter(this.#bytes.subarray(0, this.#length), this.#marker, this.#searched);
    this.#searched = found.at;
    if (found.kind === "none") return false;
    if (this.#part !== null) this.#keep(this.#part.name, decodeUtf8(this.#bytes.subarray(this.#begin, found.at)));
    if (found.kind === "close") {
      throw new S3Error("InvalidArgument", "POST requires exactly one file upload per request.", {
        ArgumentName: FILE_FIELD,
        ArgumentValue: "0",
      });
    }
    this.#begin = found.end;
    this.#inHead = true;
    return true;
  }

  #readHead(): boolean {
    const end = this.#bytes.subarray(0, this.#length).indexOf(emptyLine, this.#begin);
    if (end < 0) return false;
    this.#part = parsePartHead(this.#bytes.subarray(this.#begin, end));
    this.#begin = end + emptyLine.length;
    this.#searched = this.#begin;
    this.#inHead = false;
    return true;
  }

  /** "If you have multiple fields with the same name, the values must be separated by commas": so they are one here. */
  #keep(name: string, value: string): void {
    const known = this.#fields.get(name.toLowerCase());
    this.#fields.set(
      name.toLowerCase(),
      known === undefined ? { name, value } : { name, value: `${known.value},${value}` },
    );
  }
}
