import type { DataFolder } from "../data-folder.ts";
import { diskBinding } from "../worker-vars.ts";
import type { WatchedDrive } from "./disk-watch.ts";
import { inspectDrive } from "./drive-state.ts";
import type { Mounts } from "./mounts.ts";

/** The configured drives that are folders of this machine. */
export function diskDrives(specs: readonly { name: string; type: string }[], folder: DataFolder): WatchedDrive[] {
  return specs.flatMap((spec) => {
    if (spec.type !== "disk" || !("binding" in spec)) return [];
    const path = folder.drivePaths.find((_, index) => diskBinding("", index) === spec.binding);
    return path === undefined ? [] : [{ name: spec.name, path }];
  });
}

/** Problems of drives, for a command that checks once. */
export interface DriveTroubles {
  /** One for each drive that cannot be used, or only partly. */
  sentences: string[];
  /** Whether the folder is on the drive's own disk. */
  isUsable(path: string): boolean;
}

export async function driveTroubles(drives: readonly WatchedDrive[], mounts: Mounts): Promise<DriveTroubles> {
  const look = async ({ name, path }: WatchedDrive) => {
    const mustBe = mounts.wasMounted(name) ? { mountsFile: mounts.path } : {};
    return { name, path, state: await inspectDrive(path, { tryWriting: true, ...mustBe }) };
  };
  const troubled = (await Promise.all(drives.map(look))).filter(({ state }) => state.trouble !== null);
  return {
    sentences: troubled.map(({ name, state }) => `drive ${name} is ${state.trouble}: ${state.advice}`),
    isUsable: (path) => !troubled.some((one) => one.path === path && one.state.trouble === "not-mounted"),
  };
}
