import { continueMove } from "../../queues/moves.ts";
import { isFirstDatabase } from "../../store/buckets/databases.ts";
import type { Job } from "../run/job.ts";

const MOVES_PER_RUN = 100;

/** Goes on with moves of messages out of dead letter queues. A step is one batch, which also counts: a run may stop anywhere. */
export const moveMessages: Job = {
  name: "move-messages",
  async run(store, budget) {
    // Queues lie in the first database alone.
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
