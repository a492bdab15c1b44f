import type { Drive } from "../../drives/drive.ts";
import { examineDrive } from "../../drives/examine.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { expectedMarker } from "./watch.ts";

/**
 * Whether the drive is the one that its name stands for, by a check now. Called before shards are
 * deleted because no row names them. A drive that was never marked counts, unless it has the marker
 * of another store or drive.
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
