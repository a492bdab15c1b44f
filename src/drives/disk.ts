import {
  type ByteRange,
  type Drive,
  type DriveClass,
  DriveError,
  type DriveTraits,
  type ListOptions,
  type ShardPage,
  type ShardReader,
  type ShardWriter,
} from "./drive.ts";
import { contentLength, openRange, rangeHeader } from "./ranged-response.ts";
import { folderPath, listShards, shardPath } from "./shard-folders.ts";
import { streamWriter } from "./stream-writer.ts";

/**
 * A local folder, by workerd's disk service (a service binding of kind disk, writable). The path of
 * a shard is `<5 characters of the key>/<2 more>/<key>`: no folder grows without limit, and the
 * order of paths is the order of keys.
 *
 * The service writes to a hidden temporary file and renames it, and does not flush it to the disk.
 */
export class DiskDrive implements Drive {
  readonly name: string;
  readonly domain: string;
  readonly shardBytesMax: number;
  readonly class: DriveClass;
  readonly draining: boolean;
  readonly settleMs = 0;
  readonly #service: Pick<Fetcher, "fetch">;
  readonly #prefix: string;

  /**
   * `folder`: name of the drive's folder below the service's own; absent: the drive is all of it.
   */
  constructor(traits: DriveTraits, service: Pick<Fetcher, "fetch">, folder?: string) {
    this.name = traits.name;
    this.domain = traits.domain;
    this.shardBytesMax = traits.shardBytesMax;
    this.class = traits.class;
    this.draining = traits.draining ?? false;
    this.#service = service;
    this.#prefix = folder === undefined ? "" : `/${folder}`;
  }

  put(key: string, sizeBytes: number): ShardWriter {
    return streamWriter({
      drive: this.name,
      sizeBytes,
      isPulled: true,
      send: async (body, signal) => {
        const response = await this.#fetch("PUT", shardPath(key), { body, signal });
        await response.body?.cancel();
        if (response.status === 204) return;
        if ((await this.#look()) === "gone") throw this.#gone();
        throw this.#answered("PUT", response);
      },
    });
  }

  async get(key: string, range?: ByteRange): Promise<ShardReader | null> {
    const response = await this.#fetch("GET", shardPath(key), range ? { headers: { range: rangeHeader(range) } } : {});
    if (response.status === 200 || response.status === 206) return openRange(this.name, response, range);
    await response.body?.cancel();
    if (response.status === 404) return this.#absent();
    throw this.#answered("GET", response);
  }

  async head(key: string): Promise<{ sizeBytes: number } | null> {
    const response = await this.#fetch("HEAD", shardPath(key));
    if (response.status === 404) return this.#absent();
    const sizeBytes = contentLength(response);
    if (response.status !== 200 || sizeBytes === null) throw this.#answered("HEAD", response);
    return { sizeBytes };
  }

  async delete(keys: readonly string[]): Promise<void> {
    let wasAbsent = false;
    for (const key of keys) {
      const response = await this.#fetch("DELETE", shardPath(key));
      await response.body?.cancel();
      if (response.status !== 204 && response.status !== 404) throw this.#answered("DELETE", response);
      wasAbsent ||= response.status === 404;
    }
    if (wasAbsent) await this.#requireRoot();
  }

  list(page: ListOptions): Promise<ShardPage> {
    return listShards({ entries: (prefix, type) => this.#entries(prefix, type), head: (key) => this.head(key) }, page);
  }

  /** Names in the folder of the keys that begin with `prefix`, sorted. */
  async #entries(prefix: string, type: "file" | "directory"): Promise<string[]> {
    const response = await this.#fetch("GET", `${folderPath(prefix)}/`);
    if (response.status === 404) {
      await response.body?.cancel();
      await this.#requireRoot();
      return [];
    }
    if (response.status !== 200) throw this.#answered("list", response);
    const entries = await response.json<{ name: string; type: string }[]>();
    return entries
      .filter((entry) => entry.type === type)
      .map((entry) => entry.name)
      .sort();
  }

  /**
   * Null if the key is absent. Throws if the whole folder is: a disk that is not mounted has lost
   * no shard.
   */
  async #absent(): Promise<null> {
    await this.#requireRoot();
    return null;
  }

  /** Throws `unreachable` if the drive's folder is absent, or is not a folder. */
  async #requireRoot(): Promise<void> {
    if ((await this.#look()) !== "there") throw this.#gone();
  }

  async #look(): Promise<"there" | "gone" | "unknown"> {
    const response = await this.#fetch("HEAD", "/");
    await response.body?.cancel();
    // The service describes folders in JSON.
    if (response.status === 200) return response.headers.get("content-type") === "application/json" ? "there" : "gone";
    return response.status === 404 ? "gone" : "unknown";
  }

  #gone(): DriveError {
    return new DriveError(this.name, "unreachable", "its folder is not there: its disk may not be mounted");
  }

  async #fetch(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await this.#service.fetch(`http://disk${this.#prefix}${path}`, { ...init, method });
    } catch (cause) {
      throw new DriveError(this.name, "unknown", `${method} ${path} failed`, { cause });
    }
  }

  #answered(call: string, response: Response): DriveError {
    const fault = response.status === 416 ? "short" : response.status < 500 ? "refused" : "unknown";
    return new DriveError(this.name, fault, `${call} was answered by status ${response.status}`);
  }
}
