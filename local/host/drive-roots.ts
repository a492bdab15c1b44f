import { renameSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Name of the link below each root, which leads to a drive's shards. The Worker uses this name. */
export const DRIVE_LINK = "drive";
/** Target of the link if the drive may not be used. Nothing ever exists here. */
const NOWHERE = "nowhere";

/**
 * Makes a folder for each drive below `path`, with a link to the drive, and returns the folders for
 * workerd's disk service. The service makes every missing folder. So it would recreate a drive that
 * was removed or is not mounted, on another disk. But it does not replace a broken link. It also
 * starts if a drive is missing, and finds the drive when it is back. `isUsable` says whether a
 * drive's folder may be used.
 */
export async function makeDriveRoots(
  path: string,
  drivePaths: readonly string[],
  isUsable: (drivePath: string) => boolean,
): Promise<string[]> {
  const roots: string[] = [];
  for (const [index, drivePath] of drivePaths.entries()) {
    const root = join(path, `root-${index + 1}`);
    await mkdir(root, { recursive: true, mode: 0o700 });
    linkDrive(root, isUsable(drivePath) ? drivePath : null);
    roots.push(root);
  }
  return roots;
}

/** Points the link below a root to a drive, or to nothing, in one step. */
export function linkDrive(root: string, drivePath: string | null): void {
  const made = join(root, `${DRIVE_LINK}.new`);
  symlinkSync(drivePath === null ? join(root, NOWHERE) : resolve(drivePath), made);
  renameSync(made, join(root, DRIVE_LINK));
}
