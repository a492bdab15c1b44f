import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";

const RESERVE_BYTES = 32 * 1024 * 1024;
const STEP_BYTES = 4 * 1024 * 1024;
/** SQLite's log and a checkpoint of it need less than this. */
const NEEDED_BYTES = 8 * 1024 * 1024;
const CHUNK = Buffer.alloc(1024 * 1024);

/**
 * A file of nothing on the metadata's disk. Should other programs fill the disk, the file is made smaller, so that rows can
 * still be written: those of deletions, which in the end free space. It grows again when there is enough.
 */
export class SpaceReserve {
  readonly #path: string;
  #sizeBytes: number;

  constructor(path: string) {
    this.#path = path;
    this.#sizeBytes = sizeOf(path);
  }

  /** What it holds now. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Gives back a step where less than `NEEDED_BYTES` are free, takes one where `plentyBytes` would be left. Never throws. */
  adjust(freeBytes: number, plentyBytes: number): void {
    if (freeBytes < NEEDED_BYTES && this.#sizeBytes > 0) this.#resize(Math.max(0, this.#sizeBytes - STEP_BYTES));
    else if (this.#sizeBytes < RESERVE_BYTES && freeBytes - RESERVE_BYTES > plentyBytes) this.#resize(RESERVE_BYTES);
  }

  #resize(sizeBytes: number): void {
    let file: number | undefined;
    try {
      file = openSync(this.#path, this.#sizeBytes === 0 ? "w" : "r+", 0o600);
      ftruncateSync(file, Math.min(sizeBytes, this.#sizeBytes));
      // Written, not only made long: a file with holes holds nothing.
      for (let at = this.#sizeBytes; at < sizeBytes; at += CHUNK.length) writeSync(file, CHUNK, 0, CHUNK.length, at);
      this.#sizeBytes = sizeBytes;
    } catch {
      // No space for it, or a disk that fails: the watch on space says so.
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
