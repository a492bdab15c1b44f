import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/**
 * Linux's facts about processes. Other systems are not supported: each function returns null there.
 */

/** Clock ticks a second of /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Milliseconds of CPU, in steps of 10. */
export interface CpuTime {
  totalMs: number;
  /**
   * The part outside the kernel. If the kernel estimates it from its ticks, only a sum over a
   * second or so is right.
   */
  userMs: number;
}

/** What all threads of the processes have used. Null if there are none, or one of them cannot be seen. */
export function cpuTime(pids: readonly number[]): CpuTime | null {
  return pids.length === 0 ? null : pids.map(cpuTimeOf).reduce(sumCpu);
}

/** Null if one of them is missing. */
export function sumCpu(one: CpuTime | null, other: CpuTime | null): CpuTime | null {
  if (one === null || other === null) return null;
  return { totalMs: one.totalMs + other.totalMs, userMs: one.userMs + other.userMs };
}

/** What was used between two readings; null if one of them is missing. */
export function cpuBetween(before: CpuTime | null, after: CpuTime | null): CpuTime | null {
  if (before === null || after === null) return null;
  return { totalMs: after.totalMs - before.totalMs, userMs: after.userMs - before.userMs };
}

function cpuTimeOf(pid: number): CpuTime | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the command in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ms = (index: number) => (Number(fields[index]) * 1000) / TICKS_PER_SECOND;
  return { totalMs: ms(11) + ms(12), userMs: ms(11) };
}

export interface ResidentMemory {
  nowBytes: number;
  /** Most since the process began, or since `resetPeak`. Of several processes: the sum, whenever each had its most. */
  peakBytes: number;
}

/** Of all the processes together. Null if there are none, or one of them cannot be seen. */
export function residentMemory(pids: readonly number[]): ResidentMemory | null {
  const all = pids.map(residentMemoryOf).filter((memory) => memory !== null);
  if (all.length === 0 || all.length < pids.length) return null;
  return all.reduce((one, other) => ({
    nowBytes: one.nowBytes + other.nowBytes,
    peakBytes: one.peakBytes + other.peakBytes,
  }));
}

function residentMemoryOf(pid: number): ResidentMemory | null {
  const status = read(`/proc/${pid}/status`);
  if (status === null) return null;
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  return { nowBytes: field("VmRSS"), peakBytes: field("VmHWM") };
}

/** Lets the peak of each begin again at what is resident now. False if that is not allowed. */
export function resetPeak(pids: readonly number[]): boolean {
  try {
    for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** A process and all below it, itself first. */
export function processTree(pid: number): number[] {
  const parents = readdirSync("/proc").flatMap((name): [number, number][] => {
    const parent = /^\d+$/.test(name) && /^PPid:\s+(\d+)$/m.exec(read(`/proc/${name}/status`) ?? "")?.[1];
    return parent ? [[Number(name), Number(parent)]] : [];
  });
  const below = (one: number): number[] => [
    one,
    ...parents.filter(([, parent]) => parent === one).flatMap(([child]) => below(child)),
  ];
  return below(pid);
}

/**
 * Bytes of a process, each page divided by the number of processes that share it (PSS). Null if the
 * system does not report it.
 */
export function proportionalMemory(pid: number): number | null {
  const found = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "");
  return found ? Number(found[1]) * 1024 : null;
}
