import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Name of the link below each root: where a drive's shards lie, as the Worker asks for them. */
export const DRIVE_LINK = "drive";

/**
 * Makes below `path` a folder for each drive, with a link to where the drive lies, and returns the folders. workerd's disk
 * service is given these. It makes every folder that is missing, so it would make a drive anew that was removed or is not
 * mounted, on another disk; a link that leads nowhere it does not replace. It also starts where a drive is missing, and
 * finds it when it is back.
 */
export async function makeDriveRoots(path: string, drivePaths: readonly string[]): Promise<string[]> {
  const roots: string[] = [];
  for (const [index, drivePath] of drivePaths.entries()) {
    const root = join(path, `root-${index + 1}`);
    await mkdir(root, { recursive: true, mode: 0o700 });
    await symlink(resolve(drivePath), join(root, DRIVE_LINK));
    roots.push(root);
  }
  return roots;
}
