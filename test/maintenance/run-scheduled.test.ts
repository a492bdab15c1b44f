import { afterEach, beforeEach, expect, it } from "vitest";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { runScheduled } from "../../src/maintenance/run/run-scheduled.ts";
import type { StoreContext } from "../../src/store/context.ts";
import type { Host } from "../../src/store/host.ts";
import { pattern } from "../support/store.ts";
import { MaintenanceRig } from "./support/rig.ts";

let rig: MaintenanceRig;
let started: number;
beforeEach(async () => {
  rig = await MaintenanceRig.open({ drives: 6 });
  for (let n = 0; n < 3; n++) await rig.put(`k/${n}`, pattern(9_000, n));
  await runJobs(rig.store());
  started = 0;
});
afterEach(() => rig.rig.dispose());

const silent = { info: () => {} };

/** A store of `npm start`, whose runs may last so long. */
function local(hasJobsProcess: boolean, runSeconds: number): StoreContext {
  const state = {
    atMs: 0,
    hasJobsProcess,
    reserveBytes: 0,
    metadata: { freeBytes: null, totalBytes: null },
    drives: {},
  };
  const host: Host = {
    state: async () => state,
    known: () => state,
    metrics: async () => null,
    errors: async () => null,
    measure: async () => [],
    startJobs: async () => void started++,
  };
  const store = rig.store();
  return { ...store, host, settings: { ...store.settings, runSeconds } };
}

it("asks for no process where nothing is left to do", async () => {
  await runScheduled(local(true, 50), silent);
  expect(started).toBe(0);
});

it("asks for one where time was over before all was done", { tags: ["slow"] }, async () => {
  await runScheduled(local(true, 0), silent);
  expect(started).toBe(1);
});

it("asks for none where there is none", async () => {
  await runScheduled(local(false, 0), silent);
  expect(started).toBe(0);
});

it("leaves all to the process while it runs", { tags: ["slow"] }, async () => {
  const store = local(true, 50);
  const state = await store.host?.state();
  const running = { ...store.host, state: async () => ({ ...state, isJobsProcessRunning: true }) } as unknown as Host;
  let leases = 0;
  const { jobs } = store.metadata;
  const lease = jobs.lease.bind(jobs);
  jobs.lease = (...call) => {
    leases += 1;
    return lease(...call);
  };
  await runScheduled({ ...store, host: running }, silent);
  expect([leases, started]).toEqual([0, 0]);
});

it("is brief where there is one: others wait for the process that runs it", async () => {
  const seen: number[] = [];
  const watched = (store: StoreContext) => {
    const { jobs } = store.metadata;
    const lease = jobs.lease.bind(jobs);
    jobs.lease = (name, holder, nowMs, untilMs) => {
      seen.push(untilMs - nowMs);
      return lease(name, holder, nowMs, untilMs);
    };
    return store;
  };
  await runScheduled(watched(local(true, 50)), silent);
  const brief = new Set(seen.splice(0));
  await runScheduled(watched(local(false, 50)), silent);
  expect([...brief]).toEqual([72_000]);
  expect([...new Set(seen)]).toEqual([120_000]);
});

it("a run that is told to stop ends before the next job, and says that more is to be done", async () => {
  const ending = new AbortController();
  const jobs = ["a", "b"].map((name) => ({
    name,
    run: async () => {
      ending.abort();
      return { report: { done: 1 }, cursor: null };
    },
  }));
  const reports = await runJobs(rig.store(), jobs, { signal: ending.signal });
  expect([...reports.keys()]).toEqual(["a"]);
  expect(reports.isUnfinished).toBe(true);
});
