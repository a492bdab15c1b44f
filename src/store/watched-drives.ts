import type { Drive } from "../drives/drive.ts";
import type { DriveState } from "../drives/drive-state.ts";
import { type DriveTrouble, DriveWatch, type KnownLoss, withIdentity } from "../drives/drive-watch.ts";
import type { Metadata } from "../metadata/metadata.ts";

/**
 * The drives, each of which refuses to be changed while it is known to be another one than its name says, and the watch that knows. It
 * hears of trouble from every database that is asked for anything.
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
