import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { withMetadata } from "../translate-metadata.ts";
import type { Bucket, ObjectKey } from "../types.ts";

/** A write of known size. */
interface Growth {
  bucket: Bucket;
  /** The key whose object it replaces; null: none. */
  replaces: ObjectKey | null;
  sizeBytes: number;
  /** Bytes that the quotas left at the last check. */
  knownRoomBytes: number;
}

/**
 * Throws `StoreError` quota-exceeded, before any bytes are stored, if the write would not fit into
 * a quota of bytes. The commit's own batch decides; this check only saves the client the transfer.
 * It costs a round trip, and only if the write does not fit into the known rest.
 */
export async function requireRoom(store: StoreContext, growth: Growth): Promise<void> {
  const { bucket, replaces, sizeBytes, knownRoomBytes } = growth;
  if (sizeBytes <= knownRoomBytes) return;
  const key = bucket.versioning === "enabled" ? null : replaces;
  const room = await withMetadata({ bucket: bucket.name }, () => store.metadata.quotas.room(bucket.id, key));
  const growsBytes = sizeBytes - room.replacedBytes;
  if (growsBytes <= 0) return;
  for (const [of, left] of [["bucket", room.bucketBytes] as const, ["account", room.accountBytes] as const]) {
    if (left !== null && growsBytes > left) throw new StoreError({ kind: "quota-exceeded", of, bucket: bucket.name });
  }
}
