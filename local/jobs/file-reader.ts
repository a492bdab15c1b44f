import { closeSync, readSync } from "node:fs";
import { DriveError, type ShardReader } from "../../src/drives/drive.ts";

/** Reads a range of a file, in order. */
export class FileReader implements ShardReader {
  readonly #file: number;
  readonly #drive: string;
  #at: number;
  #leftBytes: number;
  #isOpen = true;
  #isCancelled = false;

  /** Closes the descriptor `file` when all is read, or reading fails or is cancelled. */
  constructor(file: number, { drive, offset, length }: { drive: string; offset: number; length: number }) {
    this.#file = file;
    this.#drive = drive;
    this.#at = offset;
    this.#leftBytes = length;
  }

  async read(length: number, spare?: ArrayBufferLike): Promise<Uint8Array> {
    if (this.#isCancelled) throw this.#error("unreachable", "the reader was cancelled");
    if (length > this.#leftBytes) {
      this.#close();
      throw this.#error("short", `read of ${length} bytes where ${this.#leftBytes} are left`);
    }
    const isUsable = spare instanceof ArrayBuffer && spare.byteLength >= length;
    const bytes = isUsable ? new Uint8Array(spare, 0, length) : new Uint8Array(length);
    this.#fill(bytes);
    this.#leftBytes -= length;
    if (this.#leftBytes === 0) this.#close();
    return bytes;
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#close();
  }

  #fill(bytes: Uint8Array): void {
    for (let filled = 0; filled < bytes.length; ) {
      let bytesRead: number;
      try {
        bytesRead = readSync(this.#file, bytes, filled, bytes.length - filled, this.#at);
      } catch (cause) {
        this.#close();
        throw this.#error("unknown", "the shard cannot be read", cause);
      }
      if (bytesRead === 0) {
        this.#close();
        throw this.#error("short", `the shard ends ${bytes.length - filled} bytes early`);
      }
      filled += bytesRead;
      this.#at += bytesRead;
    }
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }

  #error(fault: DriveError["fault"], message: string, cause?: unknown): DriveError {
    return new DriveError(this.#drive, fault, message, { cause });
  }
}
