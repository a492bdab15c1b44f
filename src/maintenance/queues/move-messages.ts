import { continueMove } from "../../queues/moves.ts";
import { isFirstDatabase } from "../../store/buckets/databases.ts";
import type { Job } from "../run/job.ts";

const MOVES_PER_RUN = 100;

/**
 * Continues moves of messages out of dead letter queues. A step is one batch, which also counts: a
 * run may stop anywhere.
 */
export const moveMessages: Job = {
  name: "move-messages",
  async run(store, budget) {
    // Only the first database has queues.
    if (!isFirstDatabase(store)) return { report: {}, cursor: null };
    const { metadata, clock } = store;
    const { moves } = metadata.queues;
    let movedMessages = 0;
    for (const move of await moves.running(MOVES_PER_RUN)) {
      if (budget.isSpent()) break;
      movedMessages += await continueMove(moves, move, { nowMs: clock.now(), isSpent: () => budget.isSpent() });
    }
    return { report: { movedMessages }, cursor: null };
  },
};
