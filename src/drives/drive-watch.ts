import { decorate } from "./decorate.ts";
import { type Drive, DriveError } from "./drive.ts";
import type { DriveState } from "./drive-state.ts";
import { isMarkerKey } from "./marker.ts";
import { refusedWriter } from "./refused-writer.ts";

/** A drive in trouble. */
export interface DriveTrouble {
  state: DriveState;
  /** The problem and its remedy. */
  sentence: string | null;
}

/** Shards that a drive is known to lack: those written in that time, by the ids in their keys. */
export interface KnownLoss {
  drive: string;
  fromId: string;
  beforeId: string;
}

/**
 * In these states nothing is written to or deleted from a drive: it is not the drive that rows
 * mean.
 */
const NOT_OURS: ReadonlySet<DriveState> = new Set(["swapped", "foreign"]);

/**
 * An isolate's knowledge of drives in trouble. It comes from the jobs' checks, and from answers of
 * the database. It never prevents reads; it only says which drives to ask last.
 */
export class DriveWatch {
  #troubles = new Map<string, DriveTrouble>();
  #losses: readonly KnownLoss[] = [];

  /** Replaces all knowledge. */
  update(troubles: ReadonlyMap<string, DriveTrouble>, losses: readonly KnownLoss[]): void {
    this.#troubles = new Map(troubles);
    this.#losses = losses;
  }

  /** Null: no trouble is known. */
  troubleOf(drive: string): DriveTrouble | null {
    return this.#troubles.get(drive) ?? null;
  }

  /** Whether the drive is known to be another one than its name says. */
  isNotOurs(drive: string): boolean {
    const trouble = this.#troubles.get(drive);
    return trouble !== undefined && NOT_OURS.has(trouble.state);
  }

  /** Whether the drive probably lacks the shard under this key, so that it is asked last. */
  lacks(drive: string, key: string): boolean {
    if (this.isNotOurs(drive)) return true;
    if (this.#losses.length === 0) return false;
    const id = writtenId(key);
    return this.#losses.some((loss) => loss.drive === drive && id >= loss.fromId && id < loss.beforeId);
  }
}

/** The id with the time of a shard's writing: that of its replacement, or of its blob. */
export function writtenId(key: string): string {
  return key.length > 30 ? key.slice(30) : key.slice(0, 26);
}

/**
 * The drive. While it is known to be another one than its name says, it stores no shards and
 * deletes none. It may still be read: keys are unguessable, so it answers with the right shard or
 * with none.
 */
export function withIdentity(drive: Drive, watch: DriveWatch): Drive {
  const refusal = () =>
    watch.isNotOurs(drive.name)
      ? new DriveError(drive.name, "refused", watch.troubleOf(drive.name)?.sentence ?? "is another drive")
      : null;
  return decorate(drive, {
    put: (key, sizeBytes) => {
      const refused = isMarkerKey(key) ? null : refusal();
      return refused ? refusedWriter(refused) : drive.put(key, sizeBytes);
    },
    delete: async (keys) => {
      const refused = keys.every(isMarkerKey) ? null : refusal();
      if (refused) throw refused;
      await drive.delete(keys);
    },
  });
}
