import type { Drive } from "../../drives/drive.ts";
import { idTimeMs, isId } from "./ids.ts";

/** Facts in the key of a shard. */
export interface ShardName {
  blobId: string;
  shard: number;
  /** When its writing began, in milliseconds since 1970: no shard is younger than its key. */
  writtenMs: number;
}

/** Names of a blob's shards. */
export type KeyOf = (blobId: string, shard: number) => string;

/**
 * Key of a shard on its drive. It begins with the blob id, so that keys in order are blobs in order
 * of age.
 */
export function shardKey(blobId: string, shard: number): string {
  return `${blobId}-${String(shard).padStart(2, "0")}`;
}

/**
 * Key of a shard that is rewritten later than its blob. `id` is a new one: no key is ever written
 * twice.
 */
export function replacementKey(blobId: string, shard: number, id: string): string {
  return `${shardKey(blobId, shard)}-${id}`;
}

/** Null if the key is not a shard's. */
export function parseShardKey(key: string): ShardName | null {
  const [, blobId = "", shard, id] = /^(\w{26})-(\d\d)(?:-(\w{26}))?$/.exec(key) ?? [];
  if (!isId(blobId) || (id !== undefined && !isId(id))) return null;
  return { blobId, shard: Number(shard), writtenMs: idTimeMs(id ?? blobId) };
}

/** Whether the shard may be so recent that its drive can still report it as absent wrongly. */
export function isSettling(drive: Drive, key: string, nowMs: number): boolean {
  return nowMs - (parseShardKey(key)?.writtenMs ?? 0) < drive.settleMs;
}

/**
 * Prefix of snapshots' keys. They come before all others of their database on a drive, because a
 * shard's key begins with a later time.
 */
export const SNAPSHOT_PREFIX = "00SNAPSHOT-";

/** Facts in the key of a snapshot's shard. */
export interface SnapshotKey {
  snapshotId: string;
  /** Number of the piece, from 0; null: the manifest, which is written last. */
  piece: number | null;
  blobId: string;
  shard: number;
}

/** Keys of the shards of one piece of a snapshot. */
export function snapshotKeys(snapshotId: string, piece: number | null): KeyOf {
  const name = piece === null ? "manifest" : String(piece).padStart(6, "0");
  return (blobId, shard) => `${SNAPSHOT_PREFIX}${snapshotId}-${name}-${shardKey(blobId, shard)}`;
}

/** Null if the key is not a snapshot's. */
export function parseSnapshotKey(key: string): SnapshotKey | null {
  const [, snapshotId = "", piece, blobId = "", shard] =
    /^00SNAPSHOT-(\w{26})-(manifest|\d{6})-(\w{26})-(\d\d)$/.exec(key) ?? [];
  if (!isId(snapshotId) || !isId(blobId)) return null;
  return { snapshotId, piece: piece === "manifest" ? null : Number(piece), blobId, shard: Number(shard) };
}
