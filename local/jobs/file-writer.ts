import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DriveError, DriveFault, ShardWriter } from "../../src/drives/drive.ts";
import { systemCode } from "../start-error.ts";

export interface FilePut {
  path: string;
  sizeBytes: number;
  /** Makes the folder of `path`. */
  makeFolder(): Promise<void>;
  /** What an error of the file system is to whoever writes the shard. */
  errorOf(call: string, cause: unknown): Promise<DriveError>;
  refuse(fault: DriveFault, message: string): DriveError;
}

/** Smaller pieces wait for the next one, so that a shard's header takes no write of its own. */
const GATHERED_BYTES_MAX = 4096;

let filesMade = 0;

/**
 * Writes a hidden temporary file beside `path` and renames it: the shard is there whole or not at all. A process that is killed leaves
 * the temporary file, which `sweepDrive` removes.
 */
export class FileWriter implements ShardWriter {
  readonly #put: FilePut;
  readonly #temporary: string;
  #file: FileHandle | null = null;
  #waiting: Uint8Array | null = null;
  #leftBytes: number;
  #isOver = false;
  #failure: DriveError | null = null;
  /** The step under way: an abort waits for it, because it refers to the caller's memory. */
  #step: Promise<unknown> = Promise.resolve();

  constructor(put: FilePut) {
    this.#put = put;
    this.#leftBytes = put.sizeBytes;
    this.#temporary = join(dirname(put.path), `.${basename(put.path)}.${process.pid}.${filesMade++}.tmp`);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#isOver || bytes.length > this.#leftBytes) {
      throw await this.#giveUp(this.#put.refuse("refused", "more bytes were written than the shard has"));
    }
    this.#leftBytes -= bytes.length;
    if (bytes.length <= GATHERED_BYTES_MAX && this.#waiting === null) {
      this.#waiting = bytes.slice();
      return;
    }
    await this.#take("put", () => this.#append(bytes));
  }

  async close(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#isOver) throw this.#put.refuse("refused", "the writer was closed before");
    if (this.#leftBytes > 0) {
      throw await this.#giveUp(this.#put.refuse("short", `${this.#leftBytes} bytes of the shard were not written`));
    }
    this.#isOver = true;
    await this.#take("put", async () => {
      await this.#append(new Uint8Array(0));
      await this.#file?.close();
      this.#file = null;
      if (this.#failure) throw this.#failure;
      await rename(this.#temporary, this.#put.path);
    });
  }

  async abort(): Promise<void> {
    if (!this.#failure) await this.#giveUp(this.#put.refuse("short", "the writer was aborted"));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#open();
    const pieces = this.#waiting ? [this.#waiting, bytes] : [bytes];
    this.#waiting = null;
    let left = pieces.filter(({ length }) => length > 0);
    while (left.length > 0) {
      const { bytesWritten } = await this.#file.writev(left);
      left = behind(left, bytesWritten);
    }
  }

  async #open(): Promise<FileHandle> {
    try {
      return await open(this.#temporary, "wx");
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
    await this.#put.makeFolder();
    return open(this.#temporary, "wx");
  }

  async #take(call: string, step: () => Promise<void>): Promise<void> {
    const taken = step();
    this.#step = taken.catch(() => {});
    try {
      await taken;
    } catch (error) {
      if (this.#failure) throw this.#failure;
      throw await this.#giveUp(await this.#put.errorOf(call, error));
    }
    // Aborted meanwhile: whether the shard is there or not, the caller has given it up.
    if (this.#failure) throw this.#failure;
  }

  async #giveUp(failure: DriveError): Promise<DriveError> {
    this.#failure ??= failure;
    await this.#step;
    this.#waiting = null;
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => {});
    await unlink(this.#temporary).catch(() => {}); // It was renamed, or never made.
    return this.#failure;
  }
}

/** What is left to write of the pieces. */
function behind(pieces: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - rest.length;
    return rest.length > 0 ? [rest] : [];
  });
}
