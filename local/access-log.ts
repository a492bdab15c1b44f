import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { StartError, systemCode } from "./start-error.ts";

/** A file of this size is renamed to `FILE.1`, the previous one to `FILE.2`, and so on. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const FILES_KEPT = 4;

/** A file that lines are appended to. */
export class AccessLog {
  readonly #path: string;
  readonly #onFailure: (sentence: string) => void;
  #file: number;
  #sizeBytes: number;
  #hasFailed = false;

  /**
   * Throws a StartError if the file cannot be opened. Later, `onFailure` is called once per failure
   * until writing works again.
   */
  constructor(path: string, onFailure: (sentence: string) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
    try {
      this.#file = openSync(path, "a", 0o640);
    } catch (error) {
      throw new StartError(`the access log ${path} cannot be written (${systemCode(error) ?? error})`);
    }
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  /** Never throws: a failing log stops no request. */
  write(line: string): void {
    try {
      if (this.#sizeBytes >= FILE_BYTES_MAX) this.#rotate();
      this.#sizeBytes += writeSync(this.#file, `${line}\n`);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed)
        this.#onFailure(`the access log ${this.#path} cannot be written (${systemCode(error) ?? error})`);
      this.#hasFailed = true;
    }
  }

  /** Reopens the file after log rotation. Never throws. */
  reopen(): void {
    try {
      const file = openSync(this.#path, "a", 0o640);
      closeSync(this.#file);
      this.#file = file;
      this.#sizeBytes = fstatSync(file).size;
    } catch (error) {
      this.#onFailure(`the access log ${this.#path} cannot be opened anew (${systemCode(error) ?? error})`);
    }
  }

  #rotate(): void {
    for (let number = FILES_KEPT; number > 0; number--) {
      const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`;
      try {
        renameSync(from, `${this.#path}.${number}`);
      } catch (error) {
        if (systemCode(error) !== "ENOENT") throw error;
      }
    }
    this.reopen();
  }
}
