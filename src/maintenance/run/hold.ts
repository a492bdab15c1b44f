import type { StoreContext } from "../../store/context.ts";
import { isTight } from "../../store/space.ts";

/**
 * Grace time while a disk fills up. A read that began before it is over, or is broken off. It never
 * gets a wrong byte, because a shard is there completely or not at all.
 */
const PRESSURE_GRACE_SECONDS = 15 * 60;

/** Whether a disk of this machine will soon be full. Never if nothing is measured. */
async function isUnderPressure({ space }: StoreContext): Promise<boolean> {
  return space !== undefined && (await space.measure()).some(isTight);
}

/**
 * Bytes that were dropped, or moved elsewhere, before this time may be deleted: reads that began
 * before are over, and no useful snapshot names them. While snapshots fail, nothing newer than the
 * last one is deleted. While a disk fills up the grace time is shortened, and `snapshotIntervalMs`
 * too, so that a snapshot does not hold dropped bytes for a day.
 */
export async function droppedBeforeMs(store: StoreContext): Promise<number> {
  const { clock, settings, metadata } = store;
  const graceSeconds = await shortened(store, settings.graceSeconds);
  const graceMs = clock.now() - graceSeconds * 1000;
  if (settings.snapshotSeconds === 0) return graceMs;
  return Math.min(graceMs, (await metadata.snapshots.heldSinceMs()) ?? graceMs);
}

/** Age of the last snapshot from which a new one is due. */
export async function snapshotIntervalMs(store: StoreContext): Promise<number> {
  return (await shortened(store, store.settings.snapshotSeconds)) * 1000;
}

async function shortened(store: StoreContext, seconds: number): Promise<number> {
  if (seconds <= PRESSURE_GRACE_SECONDS) return seconds;
  return (await isUnderPressure(store)) ? PRESSURE_GRACE_SECONDS : seconds;
}
