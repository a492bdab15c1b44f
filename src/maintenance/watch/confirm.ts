import type { Drive } from "../../drives/drive.ts";
import { examineDrive } from "../../drives/examine.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { expectedMarker } from "./watch.ts";

/**
 * Whether the drive is the one that its name stands for, by a look at it now: asked before anything is deleted because no row names it.
 * A drive that was never marked counts, unless it has a marker of somebody else's.
 */
export async function isRightDrive(store: StoreContext, { name }: Pick<Drive, "name">): Promise<boolean> {
  const first = allStores(store)[0] ?? store;
  const drive = first.drives.find((other) => other.name === name);
  if (!drive) return false;
  const { store: id, drives } = await first.metadata.drives.look();
  const expected = expectedMarker(drives.find((row) => row.name === name) ?? null);
  const { kind } = await examineDrive(drive, { store: id, expected, clock: first.clock });
  return kind === "ours" || (expected === null && (kind === "blank" || kind === "newer"));
}
