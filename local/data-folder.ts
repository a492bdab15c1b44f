import { writeFileSync } from "node:fs";
import { access, chmod, constants, mkdir, opendir, readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { lockFolder } from "./folder-lock.ts";
import { StartError, systemCode } from "./start-error.ts";

/** How many drives `npm start` makes: as many as the 4+2 geometry has shards. */
export const driveCount = 6;

const ENDING_MS_MAX = 2_000;
const ENDING_STEP_MS = 20;

/** The locked data folder of one running server. */
export interface DataFolder {
  path: string;
  /**
   * Folders of the drives, drive 1 first. Any of them may be missing or be no folder; see
   * `inspectDrive`.
   */
  drivePaths: string[];
  /** Where D1 is kept. */
  metadataPath: string;
  /** Whether there is a database in `metadataPath`. */
  hasMetadata: boolean;
  /** For temporary files of the server: emptied at each start. */
  temporaryPath: string;
  /** Whether the previous server ended without stopping (killed, power lost). */
  wasKilled: boolean;
  /** Records the process ids of this server, for people, scripts and the next start. */
  note(processIds: { pid: number; workerdPids: number[] }): void;
  /** Unlocks the folder after a clean stop. */
  release(): Promise<void>;
}

/**
 * Locks the data folder. Makes it if it does not exist (mode 0700, as are the folders in it),
 * unless `mustExist`. Drives are made in a new folder only. A drive that is missing beside metadata
 * is lost, or its disk is not mounted; a new folder would hide that. Throws a StartError if the
 * path is no folder, cannot be written or cannot be used, or if another server holds the lock.
 */
export async function openDataFolder(path: string, { mustExist = false } = {}): Promise<DataFolder> {
  const metadataPath = join(path, "metadata");
  const temporaryPath = join(path, "tmp");
  const drivePaths = Array.from({ length: driveCount }, (_, index) => join(path, "drives", `drive-${index + 1}`));
  // Miniflare, which tests use, takes it for a separator and would open another folder.
  if (path.includes("\\")) throw new StartError(`the path of the data folder has a backslash: ${path}`);
  if (mustExist) await requireDataFolder(path);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(refusal(path, error));
  }
  const lock = lockFolder(path);
  const notePath = join(path, "sherd.pid");
  await endOfWorkerds(notePath);
  const hasMetadata = await hasDatabase(metadataPath);
  const isNew = !hasMetadata && !(await exists(join(path, "drives")));
  try {
    await rm(temporaryPath, { recursive: true, force: true });
    await makeFolders([temporaryPath, metadataPath, join(path, "drives"), ...(isNew ? drivePaths : [])]);
  } catch (error) {
    lock.close();
    throw new StartError(refusal(path, error));
  }
  return {
    path,
    drivePaths,
    metadataPath,
    hasMetadata,
    temporaryPath,
    wasKilled: await exists(notePath),
    note: (processIds) => writeFileSync(notePath, `${JSON.stringify(processIds)}\n`),
    release: async () => {
      await rm(notePath, { force: true });
      lock.close();
    },
  };
}

async function makeFolders(paths: readonly string[]): Promise<void> {
  for (const folder of paths) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o700);
  }
}

/** A command that reads a store never makes one: a mistyped path is refused. */
async function requireDataFolder(path: string): Promise<void> {
  if (!(await exists(path))) throw new StartError(`there is no data folder ${path}: nothing was looked at or made`);
  if (await exists(join(path, "metadata"))) return;
  if (await exists(join(path, "drives"))) return;
  throw new StartError(`${path} is no data folder of Sherd: it has neither metadata nor drives`);
}

/** Whether D1 has kept a database there. */
async function hasDatabase(metadataPath: string): Promise<boolean> {
  const names = await readdir(join(metadataPath, "d1", "miniflare-D1DatabaseObject")).catch(() => []);
  return names.some((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
}

function refusal(path: string, error: unknown): string {
  const code = systemCode(error);
  if (code === "EEXIST" || code === "ENOTDIR") return `the data folder ${path} is not a folder`;
  return `the data folder ${path} cannot be written (${code ?? error})`;
}

/**
 * Waits for the workerds of a killed launcher. They end a moment after it, and until then have the
 * port and the files. A note of an old kill may name processes of other programs by now, so the
 * wait is short.
 */
async function endOfWorkerds(notePath: string): Promise<void> {
  const workerdPids = notedPids(await readFile(notePath, "utf8").catch(() => ""));
  for (let waitedMs = 0; waitedMs < ENDING_MS_MAX && workerdPids.some(isAlive); waitedMs += ENDING_STEP_MS) {
    await setTimeout(ENDING_STEP_MS);
  }
}

/** Empty if the note cannot be read: a loss of power may leave any part of it. */
function notedPids(note: string): number[] {
  try {
    const { workerdPids } = JSON.parse(note) as { workerdPids?: unknown };
    return Array.isArray(workerdPids) ? workerdPids.filter((pid) => Number.isSafeInteger(pid) && pid > 0) : [];
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Removes temporary files that a killed workerd left on a drive: `.<name>.<pid>.<n>.tmp`. Its disk
 * service hides them from the Worker. Only files last written before `startedMs` are removed, so
 * none of the running server's. Returns their number.
 */
export async function sweepDrive(path: string, startedMs: number): Promise<number> {
  let removed = 0;
  for await (const entry of await opendir(path, { recursive: true })) {
    if (!entry.isFile() || !/^\..*\.\d+\.\d+\.tmp$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const { mtimeMs } = await stat(file);
    if (mtimeMs >= startedMs) continue;
    await unlink(file);
    removed++;
  }
  return removed;
}
