import { open, opendir, readlink, stat, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../start-error.ts";
import { isMountPoint } from "./mounts.ts";

/** Why a drive's folder cannot be used, or only partly. */
export type DriveTrouble =
  /** The path is absent, or a broken link. */
  | "missing"
  /** Its disk is not mounted there: the folder is on the disk below. */
  | "not-mounted"
  | "not-a-folder"
  | "unreadable"
  | "read-only"
  /** No space is left. */
  | "full";

/** Result of checking a drive's folder. */
export interface DriveState {
  trouble: DriveTrouble | null;
  /** The problem and its remedy, for the person who runs the server. Empty if there is none. */
  advice: string;
  /** Bytes that this user may still write there; null if unknown. */
  freeBytes: number | null;
  totalBytes: number | null;
  /** Number of the file system: drives with the same number share their space. */
  device: number | null;
}

/** Options of `inspectDrive`. */
interface Look {
  /** Also writes a small hidden file into the folder, and removes it. */
  tryWriting: boolean;
  /** The folder must be a mount point. The file at this path records that. */
  mountsFile?: string;
}

/** Checks a folder. Never rejects. */
export async function inspectDrive(path: string, { tryWriting, mountsFile }: Look): Promise<DriveState> {
  const nothing = { freeBytes: null, totalBytes: null, device: null };
  let device: number;
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return { ...nothing, ...notAFolder(path) };
    device = found.dev;
    for await (const _ of await opendir(path)) break;
    if (mountsFile !== undefined && !(await isMountPoint(path))) return { ...nothing, ...notMounted(path, mountsFile) };
  } catch (error) {
    return { ...nothing, ...(await unreachable(path, error)) };
  }
  const space = await spaceOf(path);
  const trouble = tryWriting ? await writingTrouble(path) : null;
  return { ...space, device, ...(trouble ?? { trouble: null, advice: "" }) };
}

/** Bytes of the file system of a path; nulls if unknown. */
export async function spaceOf(path: string): Promise<Pick<DriveState, "freeBytes" | "totalBytes">> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return { freeBytes: null, totalBytes: null };
  }
}

type Trouble = Pick<DriveState, "trouble" | "advice">;

function notAFolder(path: string): Trouble {
  return { trouble: "not-a-folder", advice: `${path} is no folder: move it away and put the drive's folder there` };
}

function notMounted(path: string, mountsFile: string): Trouble {
  const advice =
    `no disk is mounted at ${path}, where one was: mount it; if the drive is to lie in this folder from now on, ` +
    `take its name out of ${mountsFile} and start again`;
  return { trouble: "not-mounted", advice };
}

async function unreachable(path: string, error: unknown): Promise<Trouble> {
  const code = systemCode(error) ?? String(error);
  if (code === "ENOTDIR") return notAFolder(path);
  if (code !== "ENOENT") {
    return {
      trouble: "unreadable",
      advice: `${path} cannot be read (${code}): see to its rights and its disk, or replace it`,
    };
  }
  const target = await readlink(path).catch(() => null);
  const what = target === null ? `there is no ${path}` : `${path} is a link to ${target}, which is not there`;
  const place = target ?? path;
  return {
    trouble: "missing",
    advice: `${what}: mount its disk; if the drive is lost, an empty folder takes its place (mkdir ${place})`,
  };
}

async function writingTrouble(path: string): Promise<Trouble | null> {
  // Named like the disk service's own unfinished files: the service hides these, and a later start
  // removes leftovers.
  const probe = join(path, `.probe.${process.pid}.0.tmp`);
  try {
    const file = await open(probe, "w", 0o600);
    try {
      await file.write(Buffer.alloc(4096));
    } finally {
      await file.close();
      await unlink(probe);
    }
    return null;
  } catch (error) {
    const code = systemCode(error) ?? String(error);
    if (code === "ENOENT") return null; // It has gone this moment: the next look says so.
    if (code === "ENOSPC" || code === "EDQUOT") {
      return { trouble: "full", advice: `${path} has no space left: free some, or move the drive to a larger disk` };
    }
    const why = code === "EROFS" ? "is on a file system that is mounted read-only" : `cannot be written (${code})`;
    return {
      trouble: "read-only",
      advice: `${path} ${why}: mount it writable and see to its rights; it is read meanwhile`,
    };
  }
}
