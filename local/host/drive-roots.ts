import { renameSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Name of the link below each root: where a drive's shards lie, as the Worker asks for them. */
export const DRIVE_LINK = "drive";
/** The link of a drive that may not be used leads here, where nothing ever is. */
const NOWHERE = "nowhere";

/**
 * Makes below `path` a folder for each drive, with a link to where the drive lies, and returns the folders. workerd's disk
 * service is given these. It makes every folder that is missing, so it would make a drive anew that was removed or is not
 * mounted, on another disk; a link that leads nowhere it does not replace. It also starts where a drive is missing, and
 * finds it when it is back. `isUsable` says of each whether its folder may be used.
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

/** Makes the link below a root lead to a drive, or nowhere, in one step. */
export function linkDrive(root: string, drivePath: string | null): void {
  const made = join(root, `${DRIVE_LINK}.new`);
  symlinkSync(drivePath === null ? join(root, NOWHERE) : resolve(drivePath), made);
  renameSync(made, join(root, DRIVE_LINK));
}
