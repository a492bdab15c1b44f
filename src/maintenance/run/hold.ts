import type { StoreContext } from "../../store/context.ts";

/**
 * Whatever was dropped, or moved elsewhere, before this time may be deleted: reads that began before are over, and no snapshot that
 * one would restore names it. While snapshots fail nothing newer than the last one is deleted.
 */
export async function droppedBeforeMs({ clock, settings, metadata }: StoreContext): Promise<number> {
  const graceMs = clock.now() - settings.graceSeconds * 1000;
  if (settings.snapshotSeconds === 0) return graceMs;
  return Math.min(graceMs, (await metadata.snapshots.heldSinceMs()) ?? graceMs);
}
