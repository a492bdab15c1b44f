import { expect, test } from "vitest";
import { DriveLatency } from "../../src/store/read/drive-latency.ts";

test("a drive that was late is suspect for longer each time, and waited for as little as can be, until it is trusted", () => {
  const latency = new DriveLatency();
  const usualMs = latency.hedgeMs("slow");
  let nowMs = 0;
  const lasts: number[] = [];
  for (let time = 0; time < 6; time++) {
    latency.suspect("slow", nowMs);
    // Others that were under way find the same, which makes it no worse.
    latency.suspect("slow", nowMs + 1);
    const beganMs = nowMs;
    while (latency.isSuspect("slow", nowMs)) nowMs += 1_000;
    lasts.push((nowMs - beganMs) / 1_000);
  }
  expect(lasts).toEqual([10, 20, 40, 80, 120, 120]);
  expect(latency.hedgeMs("slow")).toBeLessThan(usualMs);
  expect(latency.isSuspect("other", nowMs)).toBe(false);
  latency.trust("slow");
  expect(latency.hedgeMs("slow")).toBe(usualMs);
  latency.suspect("slow", nowMs);
  expect([latency.isSuspect("slow", nowMs + 9_999), latency.isSuspect("slow", nowMs + 10_000)]).toEqual([true, false]);
});
