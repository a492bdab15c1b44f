import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { jobsIntervalMs, repeat } from "../../local/schedule.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("runs at every interval until it is ended", async () => {
  const run = vi.fn(async () => {});
  const end = repeat({ intervalMs: 1000, run, onFailure: () => {} });
  await vi.advanceTimersByTimeAsync(999);
  expect(run).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(2001);
  expect(run).toHaveBeenCalledTimes(3);
  end();
  await vi.advanceTimersByTimeAsync(5000);
  expect(run).toHaveBeenCalledTimes(3);
});

test("a slow run is not overtaken", async () => {
  let finish = () => {};
  const run = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  const end = repeat({ intervalMs: 1000, run, onFailure: () => {} });
  await vi.advanceTimersByTimeAsync(4500);
  expect(run).toHaveBeenCalledTimes(1);
  finish();
  await vi.advanceTimersByTimeAsync(1000);
  expect(run).toHaveBeenCalledTimes(2);
  end();
});

test("a failure is reported and the next run comes", async () => {
  const failures: unknown[] = [];
  const run = vi.fn(async () => {
    throw new Error("no");
  });
  const end = repeat({ intervalMs: 1000, run, onFailure: (error) => failures.push(error) });
  await vi.advanceTimersByTimeAsync(2000);
  expect(run).toHaveBeenCalledTimes(2);
  expect(failures).toHaveLength(2);
  end();
});

test.each([
  { cronSeconds: 60, lifecycleDaySeconds: 86_400, intervalMs: 60_000 },
  { cronSeconds: 10, lifecycleDaySeconds: 86_400, intervalMs: 10_000 },
  { cronSeconds: 600, lifecycleDaySeconds: 86_400, intervalMs: 600_000 },
  { cronSeconds: 60, lifecycleDaySeconds: 6, intervalMs: 1_500 },
  { cronSeconds: 60, lifecycleDaySeconds: 1, intervalMs: 1_000 },
])("jobs run every $intervalMs ms with cron at $cronSeconds s and days of $lifecycleDaySeconds s", (one) => {
  expect(jobsIntervalMs(one)).toBe(one.intervalMs);
});
