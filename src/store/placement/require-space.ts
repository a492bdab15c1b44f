import type { Geometry } from "../../erasure/geometry.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import type { HostState } from "../host.ts";
import { drivesOfClass } from "./placement.ts";

/** A write to drives. */
interface NewBlob {
  sizeBytes: number;
  geometry: Geometry;
  class: "small" | "large";
  /** The class whose drives are used. Absent: STANDARD. */
  storageClass?: string;
}

/**
 * Throws `StoreError` no-space if a disk would fall below its reserve: the metadata's, or so many
 * drives' that too few are left for the blob. Only operations that make the store larger call it.
 * Deletions and jobs that free space always go on.
 */
export async function requireSpace(store: StoreContext, blob: NewBlob | null): Promise<void> {
  const state = await store.host?.state();
  if (!state) return;
  if (state.metadata.freeBytes !== null && state.metadata.freeBytes < state.reserveBytes) {
    throw new StoreError({ kind: "no-space", where: "metadata" });
  }
  if (!blob) return;
  const { k, m } = blob.geometry;
  const drives = drivesOfClass(store, blob.storageClass ?? "STANDARD").filter(
    (drive) => (drive.class === "both" || drive.class === blob.class) && !drive.draining,
  );
  const roomy = drives.filter(({ name }) => hasRoom(state, name, Math.ceil(blob.sizeBytes / k)));
  if (roomy.length < drives.length && roomy.length < k + Math.min(m, 1)) {
    throw new StoreError({ kind: "no-space", where: "drives" });
  }
}

/**
 * Whether a shard fits on the drive without using the reserve, if all drives of the same disk get
 * one too. True if nothing is known about its disk.
 */
export function hasRoom({ drives, reserveBytes }: HostState, name: string, shardBytes: number): boolean {
  const drive = Object.hasOwn(drives, name) ? drives[name] : undefined;
  if (!drive || drive.freeBytes === null) return true;
  return drive.trouble !== "full" && drive.freeBytes - shardBytes * drive.sharedBy >= reserveBytes;
}
