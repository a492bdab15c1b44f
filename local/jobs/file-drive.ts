import { closeSync, fstatSync, mkdirSync, openSync, statSync, unlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type ByteRange,
  type Drive,
  type DriveClass,
  DriveError,
  type DriveFault,
  type DriveTraits,
  type ListOptions,
  type ShardPage,
  type ShardReader,
  type ShardWriter,
} from "../../src/drives/drive.ts";
import { folderPath, listShards, shardPath } from "../../src/drives/shard-folders.ts";
import { systemCode } from "../start-error.ts";
import { FileReader } from "./file-reader.ts";
import { FileWriter } from "./file-writer.ts";

/**
 * A local folder, accessed by Node. It is the same drive as a `DiskDrive`: the same paths, the same
 * hidden temporary files, and no fsync. The Worker reaches it through workerd's disk service, with
 * one HTTP exchange per call.
 *
 * Calls to the file system are synchronous. For files in the page cache, handing a call to another
 * thread and back costs more than the call. Nothing waits for this process.
 */
export class FileDrive implements Drive {
  readonly name: string;
  readonly domain: string;
  readonly shardBytesMax: number;
  readonly class: DriveClass;
  readonly draining: boolean;
  readonly settleMs = 0;
  readonly #path: string;

  /**
   * `path`: the drive's folder. It is never created: if it is missing, the drive is lost or its
   * disk is not mounted.
   */
  constructor(traits: DriveTraits, path: string) {
    this.name = traits.name;
    this.domain = traits.domain;
    this.shardBytesMax = traits.shardBytesMax;
    this.class = traits.class;
    this.draining = traits.draining ?? false;
    this.#path = path;
  }

  put(key: string, sizeBytes: number): ShardWriter {
    return new FileWriter({
      path: this.#pathOf(key),
      sizeBytes,
      makeFolder: () => this.#makeFolder(key),
      errorOf: (call, cause) => this.#failed(call, cause),
      refuse: (fault, message) => new DriveError(this.name, fault, message),
    });
  }

  async get(key: string, range?: ByteRange): Promise<ShardReader | null> {
    const path = this.#pathOf(key);
    let file: number;
    try {
      file = openSync(path, "r");
    } catch (error) {
      return this.#absent("get", error);
    }
    try {
      const length = range?.length ?? fstatSync(file).size;
      return new FileReader(file, { drive: this.name, offset: range?.offset ?? 0, length });
    } catch (error) {
      closeSync(file);
      throw this.#failed("get", error);
    }
  }

  async head(key: string): Promise<{ sizeBytes: number } | null> {
    const path = this.#pathOf(key);
    try {
      return { sizeBytes: statSync(path).size };
    } catch (error) {
      return this.#absent("head", error);
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const path of keys.map((key) => this.#pathOf(key))) {
      try {
        unlinkSync(path);
      } catch (error) {
        this.#absent("delete", error);
      }
    }
  }

  list(page: ListOptions): Promise<ShardPage> {
    return listShards({ entries: (prefix, type) => this.#entries(prefix, type), head: (key) => this.head(key) }, page);
  }

  #pathOf(key: string): string {
    return join(this.#path, shardPath(key));
  }

  async #entries(prefix: string, type: "file" | "directory"): Promise<string[]> {
    try {
      const entries = await readdir(join(this.#path, folderPath(prefix)), { withFileTypes: true });
      return entries
        .filter((entry) => (type === "file" ? entry.isFile() : entry.isDirectory()) && !entry.name.startsWith("."))
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      this.#absent("list", error);
      return [];
    }
  }

  /** Makes the folders of a key one after the other, but never the drive's own. */
  #makeFolder(key: string): void {
    for (const prefix of [key.slice(0, 5), key.slice(0, 7)]) {
      try {
        mkdirSync(join(this.#path, folderPath(prefix)));
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
    }
  }

  /**
   * Null if the key is absent. Throws if the whole folder is: a disk that is not mounted has lost
   * no shard.
   */
  #absent(call: string, error: unknown): null {
    if (systemCode(error) === "ENOENT" && this.#isThere()) return null;
    throw this.#failed(call, error);
  }

  #isThere(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.isDirectory() === true;
  }

  #failed(call: string, cause: unknown): DriveError {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    if ((code === "ENOENT" || code === "ENOTDIR") && !this.#isThere()) {
      return new DriveError(this.name, "unreachable", "its folder is not there: its disk may not be mounted", {
        cause,
      });
    }
    return new DriveError(this.name, faultOf(code), `${call} failed (${code})`, { cause });
  }
}

function faultOf(code: string): DriveFault {
  if (code === "ENOSPC" || code === "EDQUOT") return "full";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "EISDIR") return "refused";
  return "unknown";
}
