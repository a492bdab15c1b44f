import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Job } from "../../src/maintenance/run/job.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

const clock = new ManualClock();
let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ clock });
});
afterAll(() => rig.dispose());

describe("runJobs", () => {
  it("hands each run the cursor that the last good one left", async () => {
    const seen: unknown[] = [];
    const job: Job = {
      name: "counting",
      run: async (_store, _budget, cursor) => {
        seen.push(cursor);
        if (seen.length === 2) throw new Error("stopped");
        return { report: { runs: 1 }, cursor: { at: seen.length } };
      },
    };
    await runJobs(rig.store, [job]);
    await expect(runJobs(rig.store, [job])).rejects.toThrow("background jobs failed");
    await runJobs(rig.store, [job]);
    expect(seen).toEqual([null, { at: 1 }, { at: 1 }]);
    const [row] = (await rig.store.metadata.jobs.list()).filter(({ name }) => name === "counting");
    expect(row).toMatchObject({ cursor: { at: 3 }, report: { runs: 1 }, failure: "Error: stopped" });
  });

  it("keeps how far a job came that names failures, and fails all the same", async () => {
    const seen: unknown[] = [];
    const job: Job = {
      name: "partly",
      run: async (_store, _budget, cursor) => {
        seen.push(cursor);
        return { report: { runs: seen.length }, cursor: { at: seen.length }, failures: [new Error("one"), "two"] };
      },
    };
    await expect(runJobs(rig.store, [job])).rejects.toMatchObject({ errors: [new Error("one"), "two"] });
    await expect(runJobs(rig.store, [job])).rejects.toThrow("background jobs failed");
    expect(seen).toEqual([null, { at: 1 }]);
    const [row] = (await rig.store.metadata.jobs.list()).filter(({ name }) => name === "partly");
    expect(row).toMatchObject({ cursor: { at: 2 }, report: { runs: 2 }, failure: "Error: one; two", finishedMs: null });
  });

  it("does not run a job that is running, until its lease has run out", async () => {
    let running = 0;
    let most = 0;
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const job: Job = {
      name: "slow",
      run: async () => {
        most = Math.max(most, ++running);
        await gate;
        running--;
        return { report: {}, cursor: null };
      },
    };
    const first = runJobs(rig.store, [job]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await runJobs(rig.store, [job])).toHaveProperty("size", 0);
    expect(most).toBe(1);
    await clock.advance(91_000);
    const second = runJobs(rig.store, [job]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(most).toBe(2);
    open();
    await Promise.all([first, second]);
  });

  /** A job that takes `stepMs` a step and has always more to do. */
  function greedy(name: string, stepMs: number, done: string[]): Job {
    return {
      name,
      run: async (_store, budget) => {
        let steps = 0;
        do {
          await clock.advance(stepMs);
          done.push(name);
          steps++;
        } while (!budget.isSpent());
        return { report: { steps }, cursor: null, isUnfinished: true };
      },
    };
  }

  it("gives each job an equal share of the time that is left, and what remains to those that would go on", async () => {
    const done: string[] = [];
    const idle: Job = { name: "idle", run: async () => ({ report: {}, cursor: null }) };
    const jobs = [idle, greedy("first", 100, done), greedy("second", 100, done)];
    const beganMs = clock.now();
    const reports = await runJobs(rig.store, jobs);
    expect(clock.now() - beganMs).toBe(20_000);
    expect(reports.get("first")?.steps).toBe(100);
    expect(reports.get("second")?.steps).toBe(100);
  });

  it("begins with the job that has waited longest: one that overruns its share does not starve the others", async () => {
    const done: string[] = [];
    const jobs = [greedy("slow", 60_000, done), greedy("a", 5_000, done), greedy("b", 5_000, done)];
    for (let run = 0; run < 6; run++) {
      await clock.advance(60_000);
      await runJobs(rig.store, jobs);
    }
    const counts = (name: string) => done.filter((other) => other === name).length;
    expect(counts("a")).toBeGreaterThanOrEqual(3);
    expect(counts("b")).toBeGreaterThanOrEqual(3);
  });

  it("bounds the calls to drives, in equal shares, and goes on with the next run", async () => {
    const asked = new Map<string, number>();
    const asking = (name: string): Job => ({
      name,
      run: async (store, budget) => {
        while (!budget.isSpent()) {
          await store.drives[0]?.delete(["a", "b"]);
          await store.drives[1]?.head("c");
          asked.set(name, (asked.get(name) ?? 0) + 3);
        }
        return { report: {}, cursor: null, isUnfinished: true };
      },
    });
    const store = { ...rig.store, settings: { ...rig.store.settings, driveCallsPerRun: 600 } };
    await runJobs(store, [asking("one"), asking("two")]);
    expect([...asked.values()]).toEqual([300, 300]);
    await clock.advance(60_000);
    await runJobs(store, [asking("one"), asking("two")]);
    expect([...asked.values()]).toEqual([600, 600]);
  });

  it("adds up what a job did in several goes", async () => {
    let goes = 0;
    const job: Job = {
      name: "in-goes",
      run: async (_store, _budget, cursor) => {
        goes++;
        await clock.advance(3_000);
        const at = ((cursor as { at: number } | null)?.at ?? 0) + 1;
        return { report: { steps: 1, ...(at === 3 ? { ends: 1 } : {}) }, cursor: { at }, isUnfinished: at < 3 };
      },
    };
    expect((await runJobs(rig.store, [job])).get("in-goes")).toEqual({ steps: 3, ends: 1 });
    expect(goes).toBe(3);
  });

  it("runs the other jobs when one fails", async () => {
    const failing: Job = {
      name: "failing",
      run: async () => {
        throw new Error("no");
      },
    };
    let ran = false;
    const good: Job = {
      name: "good",
      run: async () => {
        ran = true;
        return { report: { done: 1 }, cursor: null };
      },
    };
    await expect(runJobs(rig.store, [failing, good])).rejects.toThrow("background jobs failed");
    expect(ran).toBe(true);
  });
});
