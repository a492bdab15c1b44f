import type { Drive } from "../drives/drive.ts";
import { idTimeMs, isId } from "./ids.ts";

/** What the key of a shard says. */
export interface ShardName {
  blobId: string;
  shard: number;
  /** When its writing began, in milliseconds since 1970: no shard is younger than its key. */
  writtenMs: number;
}

/** Key of a shard on its drive: begins with the blob id, so that keys in order are blobs in order of age. */
export function shardKey(blobId: string, shard: number): string {
  return `${blobId}-${String(shard).padStart(2, "0")}`;
}

/** Key of a shard that is written anew, later than its blob. `id` is a fresh one: no key is ever written twice. */
export function replacementKey(blobId: string, shard: number, id: string): string {
  return `${shardKey(blobId, shard)}-${id}`;
}

/** Null where the key is none of ours. */
export function parseShardKey(key: string): ShardName | null {
  const [, blobId = "", shard, id] = /^(\w{26})-(\d\d)(?:-(\w{26}))?$/.exec(key) ?? [];
  if (!isId(blobId) || (id !== undefined && !isId(id))) return null;
  return { blobId, shard: Number(shard), writtenMs: idTimeMs(id ?? blobId) };
}

/** Whether the shard may have been written so lately that its drive can still say "absent" without being right. */
export function isSettling(drive: Drive, key: string, nowMs: number): boolean {
  return nowMs - (parseShardKey(key)?.writtenMs ?? 0) < drive.settleMs;
}
