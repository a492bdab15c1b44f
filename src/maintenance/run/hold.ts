import type { StoreContext } from "../../store/context.ts";
import { isTight } from "../../store/space.ts";

/**
 * While a disk fills up, what was dropped is kept for so long alone: a read that began before is over, or is broken off. It never gets a
 * wrong byte, because a shard is there whole or not at all.
 */
const PRESSURE_GRACE_SECONDS = 15 * 60;

/** Whether a disk of this machine will soon be full. Never where nothing is measured. */
async function isUnderPressure({ space }: StoreContext): Promise<boolean> {
  return space !== undefined && (await space.measure()).some(isTight);
}

/**
 * Whatever was dropped, or moved elsewhere, before this time may be deleted: reads that began before are over, and no snapshot that
 * one would restore names it. While snapshots fail nothing newer than the last one is deleted. While a disk fills up the grace time is
 * shortened, and `snapshotIntervalMs` with it, so that a snapshot does not hold for a day what is gone.
 */
export async function droppedBeforeMs(store: StoreContext): Promise<number> {
  const { clock, settings, metadata } = store;
  const graceSeconds = await shortened(store, settings.graceSeconds);
  const graceMs = clock.now() - graceSeconds * 1000;
  if (settings.snapshotSeconds === 0) return graceMs;
  return Math.min(graceMs, (await metadata.snapshots.heldSinceMs()) ?? graceMs);
}

/** How long ago the last snapshot may be. */
export async function snapshotIntervalMs(store: StoreContext): Promise<number> {
  return (await shortened(store, store.settings.snapshotSeconds)) * 1000;
}

async function shortened(store: StoreContext, seconds: number): Promise<number> {
  if (seconds <= PRESSURE_GRACE_SECONDS) return seconds;
  return (await isUnderPressure(store)) ? PRESSURE_GRACE_SECONDS : seconds;
}
