import type { Drive } from "../drives/drive.ts";
import type { DriveState } from "../drives/drive-state.ts";
import { type DriveTrouble, DriveWatch, type KnownLoss, withIdentity } from "../drives/drive-watch.ts";
import type { Metadata } from "../metadata/metadata.ts";

/**
 * The drives, with the watch that knows their troubles. A drive refuses changes while it is known
 * to be another one than its name says. Every database that is asked anything reports troubles to
 * the watch.
 */
export function watchedDrives(
  drives: readonly Drive[],
  databases: readonly Metadata[],
): { drives: Drive[]; watch: DriveWatch } {
  const watch = new DriveWatch();
  for (const { drives: table } of databases) {
    table.onNotices = (notices) => {
      const troubles = new Map<string, DriveTrouble>();
      const losses: KnownLoss[] = [];
      for (const notice of notices) {
        if (notice.kind === "loss") losses.push(notice);
        else troubles.set(notice.drive, { state: notice.state as DriveState, sentence: notice.sentence });
      }
      watch.update(troubles, losses);
    };
  }
  return { drives: drives.map((drive) => withIdentity(drive, watch)), watch };
}
