import type { MoveRow, MoveTable } from "../metadata/queues/moves.ts";

/** Messages that one D1 batch moves: 100 rows, and as many statements. */
const STEP_MESSAGES = 100;

/** What of a running move may be done now. */
export interface MoveBudget {
  readonly nowMs: number;
  isSpent(): boolean;
}

/** Why a move failed, in AWS's words. */
const FAILURES = {
  "no-destination": "AWS.SimpleQueueService.NonExistentQueue",
  "no-source": "CouldNotDetermineMessageSource",
} as const;

/**
 * Goes on with a move until nothing is left of it, the budget is spent, or it has moved as many messages as its rate allows by now. Each
 * step is one batch that also counts, so it may stop anywhere and be gone on with. Returns how many messages were moved.
 */
export async function continueMove(table: MoveTable, move: MoveRow, { nowMs, isSpent }: MoveBudget): Promise<number> {
  // From the start on, the first second included.
  const allowed =
    move.perSecond === null
      ? Number.POSITIVE_INFINITY
      : move.perSecond * (1 + Math.floor((nowMs - move.startedMs) / 1000));
  let moved = 0;
  while (!isSpent() && move.moved + moved < Math.min(allowed, move.toMove)) {
    const limit = Math.min(STEP_MESSAGES, allowed - move.moved - moved, move.toMove - move.moved - moved);
    const step = await table.step(move, { nowMs, limit });
    if (step.kind === "moved") {
      moved += step.count;
      if (step.count === 0) return moved;
      continue;
    }
    if (step.kind === "empty") await table.end(move.id, "COMPLETED");
    else if (step.kind !== "ended") await table.end(move.id, "FAILED", FAILURES[step.kind]);
    return moved;
  }
  if (move.moved + moved >= move.toMove) await table.end(move.id, "COMPLETED");
  return moved;
}
