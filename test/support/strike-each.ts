import type { Strike } from "./fail-each-call.ts";
import type { ManualClock } from "./manual-clock.ts";

/** What still waits by then waits for D1, which nothing bounds. */
const GIVE_UP_MS = 20_000;
const STEP_MS = 100;

/**
 * Runs work whose Nth call to D1 goes wrong, N = 1, 2, …, until it makes no Nth call. `plan` is for `withBatchFaults`. Returns how many
 * calls the work makes when nothing goes wrong.
 */
export async function strikeEach(
  strike: Strike,
  work: (plan: () => Strike | null, n: number) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n++) {
    let calls = 0;
    await work(() => (++calls === n ? strike : null), n);
    if (calls < n) return calls;
  }
}

/** Whether work succeeds. False too if it does not end though much time passes. */
export async function outcomeOf(clock: ManualClock, work: Promise<unknown>): Promise<boolean> {
  let outcome: boolean | null = null;
  work.then(
    () => {
      outcome = true;
    },
    () => {
      outcome = false;
    },
  );
  for (let atMs = 0; outcome === null && atMs < GIVE_UP_MS; atMs += STEP_MS) await clock.advance(STEP_MS);
  return outcome ?? false;
}
