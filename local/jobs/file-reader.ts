import type { FileHandle } from "node:fs/promises";
import { DriveError, type ShardReader } from "../../src/drives/drive.ts";

/** Reads a range of a file, in order. */
export class FileReader implements ShardReader {
  readonly #file: FileHandle;
  readonly #drive: string;
  #at: number;
  #leftBytes: number;
  #isOver = false;
  #reading: Promise<unknown> = Promise.resolve();

  /** Closes `file` when all is read, or reading fails or is cancelled. */
  constructor(file: FileHandle, { drive, offset, length }: { drive: string; offset: number; length: number }) {
    this.#file = file;
    this.#drive = drive;
    this.#at = offset;
    this.#leftBytes = length;
  }

  async read(length: number, spare?: ArrayBufferLike): Promise<Uint8Array> {
    if (this.#isOver && this.#leftBytes > 0) throw this.#error("unreachable", "the reader was cancelled");
    if (length > this.#leftBytes) {
      await this.cancel();
      throw this.#error("short", `read of ${length} bytes where ${this.#leftBytes} are left`);
    }
    const isUsable = spare instanceof ArrayBuffer && spare.byteLength >= length;
    const bytes = isUsable ? new Uint8Array(spare, 0, length) : new Uint8Array(length);
    const reading = this.#fill(bytes);
    this.#reading = reading.catch(() => {});
    await reading;
    this.#leftBytes -= length;
    if (this.#leftBytes === 0) await this.cancel();
    return bytes;
  }

  async cancel(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    // Node waits with closing for what is being read.
    await this.#reading;
    await this.#file.close().catch(() => {});
  }

  async #fill(bytes: Uint8Array): Promise<void> {
    for (let filled = 0; filled < bytes.length; ) {
      let bytesRead: number;
      try {
        ({ bytesRead } = await this.#file.read(bytes, filled, bytes.length - filled, this.#at));
      } catch (cause) {
        void this.cancel();
        throw this.#error("unknown", "the shard cannot be read", cause);
      }
      if (bytesRead === 0) {
        void this.cancel();
        throw this.#error("short", `the shard ends ${bytes.length - filled} bytes early`);
      }
      filled += bytesRead;
      this.#at += bytesRead;
    }
  }

  #error(fault: DriveError["fault"], message: string, cause?: unknown): DriveError {
    return new DriveError(this.#drive, fault, message, { cause });
  }
}
