import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { StartError, systemCode } from "./start-error.ts";

/**
 * A lock that the operating system releases when the process ends in any way. No reused process id
 * can be mistaken for it.
 */
export interface FolderLock {
  close(): void;
}

/** open(2) of macOS: takes flock(2) with the file. Node has no name for it. */
const MACOS_O_EXLOCK = 0x20;
/** Exit code of flock(1) if another process has the lock. */
const FLOCK_TAKEN = 1;

/**
 * Locks a data folder against every other server. There are two locks, because Node 20 has no
 * SQLite and earlier versions of Sherd know the first only. The first is an exclusive transaction
 * on `sherd.lock`, an SQLite file that stays empty, if this Node has SQLite. The second is flock(2)
 * on `sherd.flock`, if the system has it. Throws a StartError if another process has either lock,
 * if the folder cannot be written, or if the system has neither.
 */
export function lockFolder(path: string, sqlite = sqliteOfNode()): FolderLock {
  const held: FolderLock[] = [];
  const release = () => {
    for (const lock of held) lock.close();
  };
  try {
    if (sqlite) held.push(lockBySqlite(path, sqlite));
    const flock = lockByFlock(path);
    if (flock) held.push(flock);
  } catch (error) {
    release();
    throw error;
  }
  if (held.length > 0) return { close: release };
  throw new StartError(
    "the data folder cannot be locked: install flock (util-linux), or run Sherd with Node 22.13 or newer",
  );
}

type Sqlite = { DatabaseSync: typeof DatabaseSync };

/** Null if this Node has none. Loaded at run time, because importing a missing module fails. */
function sqliteOfNode(): Sqlite | null {
  try {
    return createRequire(process.execPath)("node:sqlite") as Sqlite;
  } catch {
    return null;
  }
}

function lockBySqlite(path: string, sqlite: Sqlite): FolderLock {
  let lock: DatabaseSync | undefined;
  try {
    lock = new sqlite.DatabaseSync(join(path, "sherd.lock"));
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Error && /database is locked/.test(error.message)) throw taken(path);
    throw new StartError(
      `the data folder ${path} cannot be written (${error instanceof Error ? error.message : error})`,
    );
  }
}

/**
 * The lock belongs to the open file, not to a process: flock(1) takes it on our descriptor and ends, and it stays until this
 * process ends. Null if the system has no flock(1).
 */
function lockByFlock(path: string): FolderLock | null {
  const file = join(path, "sherd.flock");
  const { O_CREAT, O_NONBLOCK, O_RDWR } = constants;
  const more = process.platform === "darwin" ? O_NONBLOCK | MACOS_O_EXLOCK : 0;
  let descriptor: number;
  try {
    descriptor = openSync(file, O_CREAT | O_RDWR | more, 0o600);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EAGAIN" || code === "EWOULDBLOCK") throw taken(path);
    throw new StartError(`the data folder ${path} cannot be written (${code ?? error})`);
  }
  const lock = { close: () => closeSync(descriptor) };
  if (process.platform === "darwin") return lock;
  const {
    status,
    error: failure,
    stderr,
  } = spawnSync("flock", ["-n", "3"], {
    stdio: ["ignore", "ignore", "pipe", descriptor],
    encoding: "utf8",
  });
  if (status === 0) return lock;
  lock.close();
  if (systemCode(failure) === "ENOENT") return null;
  if (status === FLOCK_TAKEN) throw taken(path);
  throw new StartError(`the data folder ${path} cannot be locked: flock says ${failure?.message ?? stderr.trim()}`);
}

function taken(path: string): StartError {
  return new StartError(`another Sherd is already running on the data folder ${path}`);
}
