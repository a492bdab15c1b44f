import { type Drive, DriveError } from "../../drives/drive.ts";
import { findMarkers, isMarkerKey, markerKey, writeMarker } from "../../drives/marker.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { newId } from "../../store/placement/ids.ts";

/** The drive's marker so far; empty: none. */
export interface KnownMarker {
  marker: string;
  generation: number;
}

/**
 * Gives a drive a new marker: writes it, records it, then removes the others. A crash after the
 * first step leaves a marker that the next run takes for `newer`. A crash after the second leaves
 * one too many, which the next call removes. Throws `DriveError`.
 */
export async function placeMarker(
  store: StoreContext,
  drive: Drive,
  { storeId, former, generation }: { storeId: string; former: KnownMarker | null; generation: number },
): Promise<void> {
  const madeMs = store.clock.now();
  const id = newId(store);
  await writeMarker(drive, {
    format: "sherd-drive",
    version: 1,
    store: storeId,
    drive: drive.name,
    generation,
    id,
    madeMs,
  });
  const row = { name: drive.name, marker: id, generation, markedMs: madeMs };
  const isMine = await (allStores(store)[0] ?? store).metadata.drives.mark(row, former?.marker ?? null);
  // Another run was faster: its marker counts.
  const kept = isMine ? markerKey(id) : null;
  await removeMarkers(drive, isMine ? (key) => key !== kept : (key) => key === markerKey(id));
}

/** Removes markers; a marker that stays does no harm. */
async function removeMarkers(drive: Drive, isGone: (key: string) => boolean): Promise<void> {
  try {
    const { keys } = await findMarkers(drive);
    const gone = keys.filter((key) => isMarkerKey(key) && isGone(key));
    if (gone.length > 0) await drive.delete(gone);
  } catch (error) {
    if (!(error instanceof DriveError)) throw error;
  }
}
