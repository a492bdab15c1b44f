import type { Strike } from "./fail-each-call.ts";
import type { ManualClock } from "./manual-clock.ts";

const STEP_MS = 20;
/** What else runs when a call hangs has so many steps to end. */
const STEPS_AFTER_HANG = 20;
const STEPS_MAX = 20_000;

/** What goes wrong in one run. */
export interface Plan {
  /** For `withBatchFaults`: the Nth call to D1 is struck. */
  next(): Strike | null;
  /** Whether a call hangs. */
  isHanging(): boolean;
}

/**
 * Runs work whose Nth call to D1 goes wrong, N = 1, 2, …, until it makes no Nth call. Returns how many calls the work makes when nothing
 * goes wrong.
 */
export async function strikeEach(strike: Strike, work: (plan: Plan, n: number) => Promise<void>): Promise<number> {
  for (let n = 1; ; n++) {
    let calls = 0;
    await work({ next: () => (++calls === n ? strike : null), isHanging: () => strike === "hang" && calls >= n }, n);
    if (calls < n) return calls;
  }
}

/** Whether work succeeds, while time passes. False too if it does not end because a call hangs. */
export async function outcomeOf(clock: ManualClock, work: Promise<unknown>, plan: Plan): Promise<boolean> {
  let outcome: boolean | null = null;
  work.then(
    () => {
      outcome = true;
    },
    () => {
      outcome = false;
    },
  );
  let left = STEPS_AFTER_HANG;
  for (let step = 0; outcome === null && left > 0; step++) {
    if (step === STEPS_MAX) throw new Error("the work does not end, though no call hangs");
    await clock.advance(STEP_MS);
    // Keys and signatures are made in other threads.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (plan.isHanging()) left--;
  }
  return outcome ?? false;
}
