import type { Drive } from "../drives/drive.ts";
import { idBytes } from "./ids.ts";
import type { StoreSettings } from "./settings.ts";

/**
 * The drives that take the `count` shards of a blob, in shard order: distinct drives that take blobs of this class and size,
 * spread over as many failure domains as there are, rotated by the blob's random bits so that all drives fill alike. Null
 * where there are too few.
 */
export function placeShards(
  drives: readonly Drive[],
  blob: { id: string; count: number; shardBytes: number; class: "small" | "large" },
): Drive[] | null {
  const suitable = drives.filter(
    (drive) => (drive.class === "both" || drive.class === blob.class) && drive.shardBytesMax >= blob.shardBytes,
  );
  if (suitable.length < blob.count) return null;
  const start = new DataView(idBytes(blob.id).buffer).getUint32(12) % suitable.length;
  const rotated = [...suitable.slice(start), ...suitable.slice(0, start)];
  return spread(rotated).slice(0, blob.count);
}

/** Throws an `Error` that says what to mend where the drives cannot hold what the settings ask for. */
export function requireEnoughDrives(drives: readonly Drive[], settings: StoreSettings): void {
  const shapes = Object.entries(settings.storageClasses).map(([name, geometry]) => ({ name, geometry, of: "large" }));
  for (const { name, geometry, of } of [
    ...shapes,
    { name: "small objects", geometry: settings.smallGeometry, of: "small" },
  ]) {
    const suitable = drives.filter((drive) => drive.class === "both" || drive.class === of).length;
    const needed = geometry.k + geometry.m;
    if (suitable < needed) {
      throw new Error(
        `${name} has geometry ${geometry.k}+${geometry.m} and needs ${needed} drives, but only ${suitable} of those in ` +
          `SHERD_DRIVES take ${of} blobs: add drives, or choose another geometry`,
      );
    }
  }
}

/** In the same order, but the first of each domain first, then the second of each, and so on. */
function spread(drives: readonly Drive[]): Drive[] {
  const seen = new Map<string, number>();
  const rounds: Drive[][] = [];
  for (const drive of drives) {
    const round = seen.get(drive.domain) ?? 0;
    seen.set(drive.domain, round + 1);
    rounds[round] ??= [];
    rounds[round].push(drive);
  }
  return rounds.flat();
}

/** Key of a shard on its drive: begins with the blob id, so that keys in order are shards in order of age. */
export function shardKey(blobId: string, shard: number): string {
  return `${blobId}-${String(shard).padStart(2, "0")}`;
}
