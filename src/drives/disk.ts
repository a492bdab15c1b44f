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
import { streamWriter } from "./stream-writer.ts";

/**
 * Folders that one page of a list looks into at the most. A folder that has become empty stays: the service deletes folders
 * only with all that is in them, which might be a shard that has just come.
 */
const LIST_FOLDERS_MAX = 256;
const LIST_HEADS_AT_ONCE = 16;

/** Where the folder names in a key end. Keys begin with a ULID: five characters change every 9.3 hours, seven every 33 s. */
const FOLDER_ENDS = [5, 7] as const;

/**
 * A local directory, by workerd's disk service (a service binding of kind disk, writable). A shard lies at
 * `<5 characters of the key>/<2 more>/<key>`: no folder grows without bound, and the order of paths is the order of keys.
 *
 * The service writes to a hidden temporary file and renames it, and does not sync it to the disk.
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

  /** `folder`: name of the folder below the service's own that the drive is; absent: it is all of it. */
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

  async list({ cursor: after = "", limit, prefix: wanted = "" }: ListOptions): Promise<ShardPage> {
    const keys: string[] = [];
    let folders = 0;
    let cursor: string | undefined;
    for await (const { prefix, files } of this.#folders("", { after, wanted })) {
      for (const key of files) {
        if (key > after && key.startsWith(prefix) && key.startsWith(wanted)) keys.push(key);
      }
      if (keys.length >= limit) {
        cursor = keys[limit - 1]!;
        break;
      }
      if (++folders >= LIST_FOLDERS_MAX) {
        // "~" sorts behind every character of a key: the cursor stands at the end of this folder.
        cursor = `${prefix}~`;
        break;
      }
    }
    const shards = await this.#sizes(keys.slice(0, limit));
    return cursor === undefined ? { shards } : { shards, cursor };
  }

  /**
   * Every folder looked into, in order of keys, from the one that `after` would lie in, of those that can hold keys that begin
   * with `wanted`; `files` is empty above the leaves.
   */
  async *#folders(
    prefix: string,
    where: { after: string; wanted: string },
  ): AsyncGenerator<{ prefix: string; files: string[] }> {
    const { after, wanted } = where;
    const depth = FOLDER_ENDS.findIndex((end) => end > prefix.length);
    if (depth < 0) {
      yield { prefix, files: await this.#entries(prefix, "file") };
      return;
    }
    for (const folder of await this.#entries(prefix, "directory")) {
      const inner = prefix + folder;
      if (inner.length !== FOLDER_ENDS[depth] || inner < after.slice(0, inner.length)) continue;
      if (!inner.startsWith(wanted.slice(0, inner.length))) continue;
      yield* this.#folders(inner, where);
    }
    if (prefix !== "") yield { prefix, files: [] };
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

  /** Sizes of `keys`, without those that were deleted meanwhile. */
  async #sizes(keys: readonly string[]): Promise<ShardPage["shards"]> {
    const shards: ShardPage["shards"] = [];
    for (let at = 0; at < keys.length; at += LIST_HEADS_AT_ONCE) {
      const some = keys.slice(at, at + LIST_HEADS_AT_ONCE);
      const heads = await Promise.all(some.map((key) => this.head(key)));
      some.forEach((key, index) => {
        const head = heads[index];
        if (head) shards.push({ key, sizeBytes: head.sizeBytes });
      });
    }
    return shards;
  }

  /** Null for a key that is absent. Throws where all is: a disk that is not mounted has lost no shard. */
  async #absent(): Promise<null> {
    await this.#requireRoot();
    return null;
  }

  /** Throws `unreachable` where the drive's folder is not there, or is none. */
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

function shardPath(key: string): string {
  // Anything else could name a folder or lead out of one. Keys are ours, so this is a bug where it happens.
  if (!/^[0-9A-Za-z][0-9A-Za-z_-]{7,199}$/.test(key)) throw new TypeError(`not a shard key: ${key}`);
  return `${folderPath(key)}/${key}`;
}

/** Path of the folder of the keys that begin with `prefix`, which holds all of the folder names or the first of them. */
function folderPath(prefix: string): string {
  let path = "";
  let start = 0;
  for (const end of FOLDER_ENDS) {
    if (prefix.length < end) break;
    path += `/${prefix.slice(start, end)}`;
    start = end;
  }
  return path;
}
