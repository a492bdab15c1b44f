import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Job } from "../../src/maintenance/job.ts";
import { runJobs } from "../../src/maintenance/run-jobs.ts";
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
    expect(await runJobs(rig.store, [job])).toEqual(new Map());
    expect(most).toBe(1);
    await clock.advance(91_000);
    const second = runJobs(rig.store, [job]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(most).toBe(2);
    open();
    await Promise.all([first, second]);
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
