import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Records in a file of the data folder which drives' folders are mount points. If such a folder no
 * longer is one, its disk is not mounted. The drive is then not emptied, and writes there would
 * fill the disk below.
 */
export class Mounts {
  readonly path: string;
  readonly #mounted: Set<string>;

  /** `path`: the file. A missing or damaged file counts as empty. */
  constructor(path: string) {
    this.path = path;
    this.#mounted = new Set(read(path));
  }

  /** Whether the drive's folder was a mount point when it was last seen with its disk. */
  wasMounted(drive: string): boolean {
    return this.#mounted.has(drive);
  }

  /** Throws errors of the file system. */
  remember(drive: string): void {
    if (this.#mounted.has(drive)) return;
    this.#mounted.add(drive);
    const made = `${this.path}.new`;
    writeFileSync(made, `${JSON.stringify([...this.#mounted].sort())}\n`, { mode: 0o600 });
    renameSync(made, this.path);
  }
}

export function openMounts(dataPath: string): Mounts {
  return new Mounts(join(dataPath, "mounts.json"));
}

function read(path: string): string[] {
  try {
    const names: unknown = JSON.parse(readFileSync(path, "utf8"));
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/**
 * Whether something is mounted at the folder, or at the target of a link of this name. Rejects with
 * errors of the file system.
 */
export async function isMountPoint(path: string): Promise<boolean> {
  const folder = await realpath(path);
  const [own, above] = await Promise.all([stat(folder), stat(dirname(folder))]);
  return own.dev !== above.dev;
}
