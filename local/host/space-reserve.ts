import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";

const RESERVE_BYTES = 32 * 1024 * 1024;
const STEP_BYTES = 4 * 1024 * 1024;
/** SQLite's log and a checkpoint of it need less than this. */
const NEEDED_BYTES = 8 * 1024 * 1024;
const CHUNK = Buffer.alloc(1024 * 1024);

/**
 * A file of zeros on the metadata's disk. If other programs fill the disk, the file is shrunk, so
 * that rows can still be written: deletions, which free space in the end. It grows again when there
 * is enough space.
 */
export class SpaceReserve {
  readonly #path: string;
  #sizeBytes: number;

  constructor(path: string) {
    this.#path = path;
    this.#sizeBytes = sizeOf(path);
  }

  /** Present size. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Shrinks by a step if less than `NEEDED_BYTES` are free, grows by a step if `plentyBytes` would
   * be left. Never throws.
   */
  adjust(freeBytes: number, plentyBytes: number): void {
    if (freeBytes < NEEDED_BYTES && this.#sizeBytes > 0) this.#resize(Math.max(0, this.#sizeBytes - STEP_BYTES));
    else if (this.#sizeBytes < RESERVE_BYTES && freeBytes - RESERVE_BYTES > plentyBytes) this.#resize(RESERVE_BYTES);
  }

  #resize(sizeBytes: number): void {
    let file: number | undefined;
    try {
      file = openSync(this.#path, this.#sizeBytes === 0 ? "w" : "r+", 0o600);
      ftruncateSync(file, Math.min(sizeBytes, this.#sizeBytes));
      // Written rather than only extended: a file with holes reserves nothing.
      for (let at = this.#sizeBytes; at < sizeBytes; at += CHUNK.length) writeSync(file, CHUNK, 0, CHUNK.length, at);
      this.#sizeBytes = sizeBytes;
    } catch {
      // No space for it, or a failing disk: the space watch reports that.
      if (sizeBytes > this.#sizeBytes) rmSync(this.#path, { force: true });
      this.#sizeBytes = sizeOf(this.#path);
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
