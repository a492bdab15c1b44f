import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTENING = "0A";

/**
 * Processes of this machine that serve a port: the one that listens on it, and where that is a workerd also the others of the
 * same launcher: `wrangler dev` runs its proxy and the Worker in two, `npm start` several, each below a shell of its own. Empty
 * where the server is elsewhere, belongs to another user, or the system is not Linux.
 */
export function processesServing(endpoint: string): number[] {
  const { hostname, port, protocol } = new URL(endpoint);
  if (!/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return [];
  const inode = listeningInode(Number(port || (protocol === "https:" ? 443 : 80)));
  const pids = numbered("/proc");
  const holders = inode === null ? [] : pids.filter((pid) => holdsSocket(pid, inode));
  const workerd = holders.find((pid) => identity(pid).name === "workerd");
  if (workerd === undefined) return holders.slice(0, 1);
  const launcher = launcherOf(workerd);
  if (launcher <= 1) return [workerd];
  return pids.filter((pid) => identity(pid).name === "workerd" && launcherOf(pid) === launcher);
}

/** Its parent, or that one's if it is the shell that starts it again. */
function launcherOf(workerd: number): number {
  const { parent } = identity(workerd);
  const { name, parent: above } = identity(parent);
  return name === "sh" || name === "supervise.sh" ? above : parent;
}

function listeningInode(port: number): string | null {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readOr(table).split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING && local.endsWith(`:${hex}`) && inode !== undefined) return inode;
    }
  }
  return null;
}

function holdsSocket(pid: number, inode: string): boolean {
  return numbered(`/proc/${pid}/fd`).some((fd) => linkOr(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
}

function identity(pid: number): { name: string; parent: number } {
  const stat = readOr(`/proc/${pid}/stat`);
  const name = /\((.*)\)/s.exec(stat)?.[1] ?? "";
  return { name, parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0) };
}

/** Entries that are numbers; none if the folder is gone or not ours to read. */
function numbered(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
