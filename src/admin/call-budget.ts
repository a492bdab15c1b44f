import type { Budget } from "../maintenance/run/job.ts";
import type { StoreContext } from "../store/context.ts";

/** One call of a page that works for long lasts about this long; its caller calls again. */
export const CALL_SECONDS = 10;

/** The time of one call, which begins now. */
export function budgetOf({ clock }: Pick<StoreContext, "clock">): Budget {
  const untilMs = clock.now() + CALL_SECONDS * 1000;
  return { untilMs, isSpent: () => clock.now() >= untilMs };
}
