import type { DataFolder } from "../data-folder.ts";
import { diskBinding } from "../worker-vars.ts";
import type { WatchedDrive } from "./disk-watch.ts";
import { inspectDrive } from "./drive-state.ts";

/** The drives of the configuration that are folders of this machine. */
export function diskDrives(specs: readonly { name: string; type: string }[], folder: DataFolder): WatchedDrive[] {
  return specs.flatMap((spec) => {
    if (spec.type !== "disk" || !("binding" in spec)) return [];
    const path = folder.drivePaths.find((_, index) => diskBinding("", index) === spec.binding);
    return path === undefined ? [] : [{ name: spec.name, path }];
  });
}

/** A sentence about each drive that cannot be used, or not for everything. */
export async function driveTroubles(drives: readonly WatchedDrive[]): Promise<string[]> {
  const states = await Promise.all(drives.map(({ path }) => inspectDrive(path, { tryWriting: true })));
  return drives.flatMap(({ name }, index) => {
    const state = states[index];
    return state && state.trouble !== null ? [`drive ${name} is ${state.trouble}: ${state.advice}`] : [];
  });
}
