import { type ClockState, observeClock } from "../../lifecycle/clock-guard.ts";
import { nextMidnight } from "../../lifecycle/days.ts";
import { GuardError } from "../../metadata/database.ts";
import type { DueWalk } from "../../metadata/lifecycle/lifecycles.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";
import { moveByClass, type Transition } from "./transition.ts";
import { BucketWalk, NOTHING_DONE, type WalkReport } from "./walk-bucket.ts";

/** After this many pages a walk gives way to the next bucket's. */
const PAGES_PER_TURN = 50;
/** Delay after a failed walk; at most a day of the settings. */
const RETRY_MS = 5 * 60_000;

/** State of the job between runs. */
export interface LifecycleCursor {
  readonly clock: ClockState;
}

/**
 * Carries out buckets' lifecycle configurations. Each bucket with one is walked once after every
 * midnight, and also when its configuration is set or a date in it comes. A failed walk continues
 * some minutes later, without delaying other buckets. Nothing is removed while the clock is not
 * trusted (see `observeClock`). Buckets without a configuration cost nothing.
 */
export const lifecycle: Job = lifecycleJob(moveByClass);

/** `transition`: how versions move to another class. */
export function lifecycleJob(transition: Transition): Job {
  return {
    name: "lifecycle",
    async run(store, budget, saved) {
      const { clock, settings } = store;
      const nowMs = clock.now();
      const dayMs = settings.lifecycleDaySeconds * 1000;
      const before = (saved as LifecycleCursor | null)?.clock ?? null;
      const cursor: LifecycleCursor = { clock: observeClock(before, nowMs, dayMs) };
      const report = { ...NOTHING_DONE, walks: 0 };
      if (cursor.clock.hold) {
        if (!before?.hold) tellOfHold(store, cursor.clock.hold);
        return { report, cursor };
      }
      const failures: unknown[] = [];
      const isUnfinished = await walkAll(store, { budget, nowMs, dayMs, transition, failures }, report);
      return { report, cursor, isUnfinished, failures };
    },
  };
}

function tellOfHold({ tell }: StoreContext, { fromMs, toMs, untilMs }: NonNullable<ClockState["hold"]>): void {
  const time = (ms: number) => new Date(ms).toISOString();
  tell?.(
    `lifecycle removes nothing until ${time(untilMs)}: the clock went from ${time(fromMs)} to ${time(toMs)} at once, or nothing ran in between`,
  );
}

interface Run {
  budget: Budget;
  nowMs: number;
  dayMs: number;
  transition: Transition;
  failures: unknown[];
}

type RunReport = WalkReport & { walks: number };

/** True: time was over before all was done. */
async function walkAll(store: StoreContext, run: Run, report: RunReport): Promise<boolean> {
  const { budget, nowMs, dayMs } = run;
  for (;;) {
    const due = await store.metadata.lifecycles.nextDue(nowMs, dayMs);
    if (!due) return false;
    if (budget.isSpent()) return true;
    const options = { nowMs, transition: run.transition, isSpent: () => budget.isSpent() };
    const walk = new BucketWalk(store, due, options);
    const before = { ...walk.state.report };
    try {
      const more = await takeTurn(walk, budget);
      if (more) await store.metadata.lifecycles.keep(due, { walk: walk.state, turnMs: nowMs });
      else await end(store, due, walk, dayMs);
    } catch (error) {
      // The bucket or its configuration has changed: it is found again in its new state.
      const isChanged = error instanceof GuardError && error.guard === "bucket_changed";
      if (!isChanged) await postpone(store, { walk, due, error }, run);
    }
    addUp(report, before, walk.state.report);
    if (budget.isSpent()) return true;
  }
}

/**
 * A failure of one bucket does not affect the others. If the database failed, this fails too, and
 * ends the run.
 */
async function postpone(
  store: StoreContext,
  { walk, due, error }: { walk: BucketWalk; due: DueWalk; error: unknown },
  { nowMs, dayMs, failures }: Run,
): Promise<void> {
  const turnMs = nowMs + Math.min(RETRY_MS, dayMs);
  await store.metadata.lifecycles.keep(due, { walk: walk.state, turnMs });
  failures.push(new Error(`lifecycle of bucket ${due.bucket.name}: ${String(error)}`, { cause: error }));
}

async function takeTurn(walk: BucketWalk, budget: Budget): Promise<boolean> {
  for (let pages = 0; pages < PAGES_PER_TURN && !budget.isSpent(); pages++) {
    if (!(await walk.step())) return false;
  }
  return true;
}

async function end(store: StoreContext, due: DueWalk, walk: BucketWalk, dayMs: number): Promise<void> {
  const { beganMs, report } = walk.state;
  const midnight = nextMidnight(beganMs, dayMs);
  const dueMs = Math.min(midnight, walk.rules.nextDate(beganMs) ?? midnight);
  await store.metadata.lifecycles.end(due, { walkedMs: beganMs, dueMs, report });
  const done = Object.entries(report).filter(([what, count]) => what !== "scanned" && count > 0);
  if (done.length === 0) return;
  store.tell?.(`lifecycle of bucket ${due.bucket.name}: ${done.map(([what, count]) => `${count} ${what}`).join(", ")}`);
}

function addUp(report: RunReport, before: WalkReport, after: WalkReport): void {
  for (const what of Object.keys(NOTHING_DONE) as (keyof WalkReport)[]) report[what] += after[what] - before[what];
  report.walks += 1;
}
