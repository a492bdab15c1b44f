import type { DamageCause } from "../../metadata/blobs/damage.ts";
import type { PlacedBlobRow } from "../../metadata/blobs/placing.ts";
import type { ExtentRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { foundVersion, type ObjectName, versionRef } from "../read/objects.ts";
import { withMetadata } from "../translate-metadata.ts";

/** Blobs that are described one by one; the others only count for `drivesThatMayBeLost`. */
const PLACED_BLOBS_MAX = 100;

export interface PlacedShard {
  index: number;
  /** Null: it is on no drive, and waits for healing. */
  drive: string | null;
  /** Failure domain of the drive; null if the drive is not configured. */
  domain: string | null;
  state: "good" | "missing" | "damaged";
  /** Why it waits for healing, or for its move. */
  cause: DamageCause | null;
  verifiedMs: number | null;
}

export interface PlacedBlob {
  id: string;
  /** Whether it holds other small objects too. */
  isPack: boolean;
  k: number;
  m: number;
  sizeBytes: number;
  /** Bytes of the object in it. */
  objectBytes: number;
  /**
   * How many more drives may be lost, in the worst case, before it becomes unreadable. Below 0: it
   * is unreadable.
   */
  spareShards: number;
  shards: PlacedShard[];
}

export interface ObjectPlacement {
  sizeBytes: number;
  /** Bytes that are in the object's row. */
  inlineBytes: number;
  /** The least `spareShards` of all its blobs; null if all bytes are in the row. */
  drivesThatMayBeLost: number | null;
  /** In the order of the object's bytes. */
  blobs: PlacedBlob[];
  /** Whether there are more than `PLACED_BLOBS_MAX`. */
  truncated: boolean;
}

/**
 * Places of each byte of a version, according to the rows: no drive is asked. Two D1 round trips,
 * and a row per blob. Two shards of a blob never share a drive, so a lost drive takes at most one
 * shard of each blob. Throws as `headObject`, but also describes objects with clients' keys:
 * nothing here depends on their bytes.
 */
export async function objectPlacement(store: StoreContext, name: ObjectName): Promise<ObjectPlacement> {
  const { objects, placing } = store.metadata;
  const ref = { ...name, version: versionRef(name) };
  const found = await withMetadata(name, () => objects.open(ref, { offset: 0, length: 0 }));
  const { object } = foundVersion(store, found, name);
  const content = object as typeof object & { extents: ExtentRow[] | null };
  const inBlobs = bytesByBlob(content.extents ?? []);
  const ids = [...inBlobs.keys()];
  const detailed = ids.slice(0, PLACED_BLOBS_MAX);
  const placed = ids.length === 0 ? null : await withMetadata(name, () => placing.find(ids, detailed));
  const rows = new Map(placed?.blobs.map((blob) => [blob.id, blob]));
  const blobs = detailed.flatMap((id) => {
    const [row, objectBytes] = [rows.get(id), inBlobs.get(id)];
    return row && objectBytes !== undefined ? [placedBlob(store, row, objectBytes)] : [];
  });
  return {
    sizeBytes: object.sizeBytes,
    inlineBytes: object.sizeBytes - [...inBlobs.values()].reduce((sum, bytes) => sum + bytes, 0),
    drivesThatMayBeLost: placed?.spareShards ?? null,
    blobs,
    truncated: ids.length > detailed.length,
  };
}

function bytesByBlob(extents: readonly ExtentRow[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, length, id] of extents) found.set(id, (found.get(id) ?? 0) + length);
  return found;
}

function placedBlob(store: StoreContext, blob: PlacedBlobRow, objectBytes: number): PlacedBlob {
  const causes = new Map(blob.damage.map(({ shard, cause }) => [shard, cause]));
  const shards = blob.shards.map((place, index): PlacedShard => {
    const drive = place?.[0] ?? null;
    const cause = causes.get(index) ?? null;
    const domain = store.drives.find(({ name }) => name === drive)?.domain ?? null;
    return { index, drive, domain, cause, verifiedMs: blob.verifiedMs[index] ?? null, state: stateOf(drive, cause) };
  });
  const good = shards.filter(({ state }) => state === "good").length;
  const { id, isPack, k, m, sizeBytes } = blob;
  return { id, isPack, k, m, sizeBytes, objectBytes, spareShards: good - k, shards };
}

/** A shard that only has to move is good where it is. */
function stateOf(drive: string | null, cause: DamageCause | null): PlacedShard["state"] {
  if (drive === null) return "missing";
  switch (cause) {
    case null:
    case "draining":
      return "good";
    case "corrupt":
    case "short":
    case "lost":
      return "damaged";
    case "absent":
    case "gone":
    case "not-written":
      return "missing";
  }
}
