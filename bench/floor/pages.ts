import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFile } from "../support/page-cache.ts";
import { median } from "../support/statistics.ts";

/** Cost of a file that is written with memory of that kind. */
export interface PagesRow {
  memory: "idle" | "just freed" | "in place";
  /** Of each file. */
  bytes: number;
  rounds: number;
  /** 10^9 bytes a second of the writer's CPU time. Median over the rounds. */
  gbPerCpuSecond: number;
  /** Share of that time outside the kernel. */
  userShare: number;
}

export interface PagesOptions {
  fileBytes: number;
  rounds: number;
  /** Before the first round, so that no memory is left that was freed just before. */
  restMs: number;
}

export const PAGES: PagesOptions = { fileBytes: 128 * 1024 * 1024, rounds: 5, restMs: 8_000 };

/**
 * Writes files in `folder`, and nothing else, in this process: a new one with memory that was idle, a new one with the memory
 * of that one, which is removed right before, and the same once more in place. All files are kept until the end, so that their
 * memory serves nobody else. In large writes: small ones are served from fragments first, which are never given back.
 */
export async function measurePages(folder: string, { fileBytes, rounds, restMs }: PagesOptions): Promise<PagesRow[]> {
  await sleep(restMs);
  const used: Record<PagesRow["memory"], NodeJS.CpuUsage[]> = { idle: [], "just freed": [], "in place": [] };
  const write = (memory: PagesRow["memory"], path: string) => {
    const before = process.cpuUsage();
    writeFile(path, fileBytes, memory === "in place" ? "r+" : "w");
    used[memory].push(process.cpuUsage(before));
  };
  const path = (round: number) => join(folder, `pages-${round}`);
  try {
    for (let round = 0; round < rounds; round++) {
      write("idle", path(round));
      rmSync(path(round));
      write("just freed", path(round));
      write("in place", path(round));
    }
  } finally {
    for (let round = 0; round < rounds; round++) rmSync(path(round), { force: true });
  }
  return Object.entries(used).map(([memory, times]) => ({
    memory: memory as PagesRow["memory"],
    bytes: fileBytes,
    rounds,
    gbPerCpuSecond: median(times.map(({ user, system }) => fileBytes / 1e3 / (user + system))),
    userShare: median(times.map(({ user, system }) => user / (user + system))),
  }));
}
