import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  cpuBetween,
  cpuTime,
  processTree,
  proportionalMemory,
  residentMemory,
  sumCpu,
} from "../../bench/support/process-usage.ts";

const GONE = 2 ** 30;

test("sums and differences of CPU, which is unknown where a part of it is", () => {
  const [less, more] = [
    { totalMs: 30, userMs: 10 },
    { totalMs: 100, userMs: 40 },
  ];
  expect(sumCpu(less, more)).toEqual({ totalMs: 130, userMs: 50 });
  expect(cpuBetween(less, more)).toEqual({ totalMs: 70, userMs: 30 });
  for (const unknown of [sumCpu(less, null), sumCpu(null, more), cpuBetween(null, more), cpuBetween(less, null)]) {
    expect(unknown).toBeNull();
  }
});

describe.runIf(process.platform === "linux")("of running processes", () => {
  test("CPU is what the process itself is told, user and all", () => {
    const before = process.cpuUsage();
    const { totalMs, userMs } = cpuTime([process.pid]) ?? { totalMs: Number.NaN, userMs: Number.NaN };
    const after = process.cpuUsage();
    // Both were rounded down to 10 ms.
    expect(userMs).toBeGreaterThanOrEqual(before.user / 1000 - 10);
    expect(userMs).toBeLessThanOrEqual(after.user / 1000);
    expect(totalMs - userMs).toBeGreaterThanOrEqual(before.system / 1000 - 10);
    expect(totalMs - userMs).toBeLessThanOrEqual(after.system / 1000);
  });

  test("several are taken together, and not at all where one is gone", () => {
    const twice = residentMemory([process.pid, process.pid]);
    expect(twice?.nowBytes).toBeGreaterThan(residentMemory([process.pid])?.peakBytes ?? Number.NaN);
    expect(twice?.peakBytes).toBeGreaterThanOrEqual(twice?.nowBytes ?? Number.NaN);
    for (const pids of [[], [GONE], [process.pid, GONE]]) {
      expect([cpuTime(pids), residentMemory(pids)]).toEqual([null, null]);
    }
  });

  test("a process and those that it started are a tree", async () => {
    const child = spawn("sh", ["-c", "sleep 60 & echo; wait"], { stdio: ["ignore", "pipe", "ignore"], detached: true });
    await once(child.stdout, "data");
    const tree = processTree(child.pid as number);
    expect(tree[0]).toBe(child.pid);
    expect(tree).toHaveLength(2);
    process.kill(-(child.pid as number), "SIGKILL");
  });

  test("what is shared counts in part", () => {
    const own = proportionalMemory(process.pid) ?? Number.NaN;
    expect(own).toBeGreaterThan(1e6);
    expect(own).toBeLessThanOrEqual(residentMemory([process.pid])?.peakBytes ?? Number.NaN);
    expect(proportionalMemory(GONE)).toBeNull();
  });
});
