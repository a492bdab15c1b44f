import type { ListOptions, ShardPage } from "./drive.ts";

/**
 * Most folders that one page of a list reads. A folder that has become empty stays: removing it
 * might remove a shard that has just come.
 */
const LIST_FOLDERS_MAX = 256;
const LIST_HEADS_AT_ONCE = 16;

/**
 * Ends of the folder names in a key. Keys begin with a ULID: five characters change every 9.3
 * hours, seven every 33 s.
 */
const FOLDER_ENDS = [5, 7] as const;

/**
 * Path of a shard below a drive's folder, `/<5 characters of the key>/<2 more>/<key>`. Throws
 * `TypeError` if `key` is not a shard's.
 */
export function shardPath(key: string): string {
  // Anything else could name a folder or lead out of one. Keys are ours, so this would be a bug.
  if (!/^[0-9A-Za-z][0-9A-Za-z_-]{7,199}$/.test(key)) throw new TypeError(`not a shard key: ${key}`);
  return `${folderPath(key)}/${key}`;
}

/**
 * Path of the folder of keys that begin with `prefix`, which has all of the folder names or the
 * first of them.
 */
export function folderPath(prefix: string): string {
  let path = "";
  let start = 0;
  for (const end of FOLDER_ENDS) {
    if (prefix.length < end) break;
    path += `/${prefix.slice(start, end)}`;
    start = end;
  }
  return path;
}

/** Access to a drive's folders for listing. */
export interface ShardFolders {
  /**
   * Names in the folder of keys that begin with `prefix`, sorted; none if there is no such folder.
   */
  entries(prefix: string, type: "file" | "directory"): Promise<string[]>;
  /** Size of a shard; null if it is gone. */
  head(key: string): Promise<{ sizeBytes: number } | null>;
}

/** One page of a drive whose shards are at `shardPath`; see `Drive.list`. */
export async function listShards(
  drive: ShardFolders,
  { cursor: after = "", limit, prefix: wanted = "" }: ListOptions,
): Promise<ShardPage> {
  const keys: string[] = [];
  let folders = 0;
  let cursor: string | undefined;
  for await (const { prefix, files } of foldersOf(drive, "", { after, wanted })) {
    for (const key of files) {
      if (key > after && key.startsWith(prefix) && key.startsWith(wanted)) keys.push(key);
    }
    if (keys.length >= limit) {
      cursor = keys[limit - 1]!;
      break;
    }
    if (++folders >= LIST_FOLDERS_MAX) {
      // "~" sorts after every character of a key: the cursor is at the end of this folder.
      cursor = `${prefix}~`;
      break;
    }
  }
  const shards = await sizesOf(drive, keys.slice(0, limit));
  return cursor === undefined ? { shards } : { shards, cursor };
}

/**
 * Every folder that can hold keys with the prefix `wanted`, in order of keys, beginning with that
 * of `after`; `files` is empty above the leaves.
 */
async function* foldersOf(
  drive: ShardFolders,
  prefix: string,
  where: { after: string; wanted: string },
): AsyncGenerator<{ prefix: string; files: string[] }> {
  const { after, wanted } = where;
  const depth = FOLDER_ENDS.findIndex((end) => end > prefix.length);
  if (depth < 0) {
    yield { prefix, files: await drive.entries(prefix, "file") };
    return;
  }
  for (const folder of await drive.entries(prefix, "directory")) {
    const inner = prefix + folder;
    if (inner.length !== FOLDER_ENDS[depth] || inner < after.slice(0, inner.length)) continue;
    if (!inner.startsWith(wanted.slice(0, inner.length))) continue;
    yield* foldersOf(drive, inner, where);
  }
  if (prefix !== "") yield { prefix, files: [] };
}

/** Sizes of `keys`, without those that were deleted meanwhile. */
async function sizesOf(drive: ShardFolders, keys: readonly string[]): Promise<ShardPage["shards"]> {
  const shards: ShardPage["shards"] = [];
  for (let at = 0; at < keys.length; at += LIST_HEADS_AT_ONCE) {
    const some = keys.slice(at, at + LIST_HEADS_AT_ONCE);
    const heads = await Promise.all(some.map((key) => drive.head(key)));
    some.forEach((key, index) => {
      const head = heads[index];
      if (head) shards.push({ key, sizeBytes: head.sizeBytes });
    });
  }
  return shards;
}
