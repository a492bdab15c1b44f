import { closeSync, openSync, renameSync, unlinkSync, writevSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DriveError, DriveFault, ShardWriter } from "../../src/drives/drive.ts";
import { systemCode } from "../start-error.ts";

export interface FilePut {
  path: string;
  sizeBytes: number;
  /** Makes the folder of `path`. */
  makeFolder(): void;
  /** Translates an error of the file system for the shard's writer. */
  errorOf(call: string, cause: unknown): DriveError;
  refuse(fault: DriveFault, message: string): DriveError;
}

/** Smaller pieces wait for the next one, so that a shard's header needs no write of its own. */
const GATHERED_BYTES_MAX = 4096;

let filesMade = 0;

/**
 * Writes a hidden temporary file beside `path` and renames it: the shard is there completely or not
 * at all. A killed process leaves the temporary file; `sweepDrive` removes it.
 */
export class FileWriter implements ShardWriter {
  readonly #put: FilePut;
  readonly #temporary: string;
  #file: number | null = null;
  #waiting: Uint8Array | null = null;
  #leftBytes: number;
  #isOver = false;
  #failure: DriveError | null = null;

  constructor(put: FilePut) {
    this.#put = put;
    this.#leftBytes = put.sizeBytes;
    this.#temporary = join(dirname(put.path), `.${basename(put.path)}.${process.pid}.${filesMade++}.tmp`);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#isOver || bytes.length > this.#leftBytes) {
      throw this.#giveUp(this.#put.refuse("refused", "more bytes were written than the shard has"));
    }
    this.#leftBytes -= bytes.length;
    if (bytes.length <= GATHERED_BYTES_MAX && this.#waiting === null) this.#waiting = bytes.slice();
    else this.#take(() => this.#append(bytes));
  }

  async close(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#isOver) throw this.#put.refuse("refused", "the writer was closed before");
    if (this.#leftBytes > 0) {
      throw this.#giveUp(this.#put.refuse("short", `${this.#leftBytes} bytes of the shard were not written`));
    }
    this.#take(() => {
      this.#append(new Uint8Array(0));
      if (this.#file !== null) closeSync(this.#file);
      this.#file = null;
      renameSync(this.#temporary, this.#put.path);
    });
    this.#isOver = true;
  }

  async abort(): Promise<void> {
    if (!this.#failure && !this.#isOver) this.#giveUp(this.#put.refuse("short", "the writer was aborted"));
  }

  #append(bytes: Uint8Array): void {
    this.#file ??= this.#open();
    let left = [...(this.#waiting ? [this.#waiting] : []), bytes].filter(({ length }) => length > 0);
    this.#waiting = null;
    while (left.length > 0) left = behind(left, writevSync(this.#file, left));
  }

  #open(): number {
    try {
      return openSync(this.#temporary, "wx");
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
    this.#put.makeFolder();
    return openSync(this.#temporary, "wx");
  }

  #take(step: () => void): void {
    try {
      step();
    } catch (error) {
      throw this.#giveUp(this.#put.errorOf("put", error));
    }
  }

  #giveUp(failure: DriveError): DriveError {
    this.#failure = failure;
    this.#waiting = null;
    if (this.#file === null) return failure;
    closeSync(this.#file);
    this.#file = null;
    try {
      unlinkSync(this.#temporary);
    } catch {
      // The disk has gone: a later sweep removes the file.
    }
    return failure;
  }
}

/** The rest of the pieces. */
function behind(pieces: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - rest.length;
    return rest.length > 0 ? [rest] : [];
  });
}
