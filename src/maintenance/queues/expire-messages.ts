import { DEDUPLICATION_MS } from "../../metadata/queues/fifo-messages.ts";
import type { QueueUpkeep } from "../../metadata/queues/upkeep.ts";
import { isFirstDatabase } from "../../store/buckets/databases.ts";
import type { Budget, Job } from "../run/job.ts";

const MESSAGES_PER_BATCH = 500;
const QUEUES_PER_PAGE = 200;
/** So old that no client repeats it, whatever the differences of isolates' clocks. */
const FORGET_MS = 2 * DEDUPLICATION_MS;
const MOVES_MS = 7 * 86_400_000;
/** A walk over all messages reads each row: it begins once an hour. */
const WALK_MS = 3_600_000;

interface Cursor {
  /** Position of the walk; null: none is under way. */
  readonly place: number | null;
  /** When it began last. */
  readonly walkedMs: number;
}

/**
 * Deletes messages of deleted or purged queues, and messages whose retention is over: first those
 * at the front of a queue, which nobody received; then, hourly, by a walk over all messages.
 * Receivers skip them anyway. Deletes deduplication ids and receive attempts that have expired.
 * Every batch may be repeated.
 */
export const expireMessages: Job = {
  name: "expire-messages",
  async run(store, budget, given) {
    // Only the first database has queues.
    if (!isFirstDatabase(store)) return { report: {}, cursor: null };
    const { metadata, clock } = store;
    const { upkeep } = metadata.queues;
    const nowMs = clock.now();
    const cursor = (given as Cursor | null) ?? { place: null, walkedMs: 0 };
    const forgotten = await upkeep.forgetOld({ beforeMs: nowMs - FORGET_MS, movesBeforeMs: nowMs - MOVES_MS });
    const droppedMessages = await emptyDeleted(upkeep, budget);
    const unreceived = await expireFronts(upkeep, { nowMs, budget });
    const isWalking = cursor.place !== null || nowMs - cursor.walkedMs >= WALK_MS;
    const walked = isWalking ? await walk(upkeep, cursor.place ?? 0, { nowMs, budget }) : { deleted: 0, place: null };
    const walkedMs = cursor.place === null && isWalking ? nowMs : cursor.walkedMs;
    const report = { droppedMessages, expiredMessages: unreceived + walked.deleted, forgotten };
    return { report, cursor: { place: walked.place, walkedMs }, isUnfinished: walked.place !== null };
  },
};

async function emptyDeleted(upkeep: QueueUpkeep, budget: Budget): Promise<number> {
  let dropped = 0;
  for (const { queueId } of await upkeep.deleted(QUEUES_PER_PAGE)) {
    while (!budget.isSpent()) {
      const count = await upkeep.empty(queueId, MESSAGES_PER_BATCH);
      dropped += count;
      if (count === 0) break;
    }
    if (budget.isSpent()) break;
    await upkeep.forget(queueId);
  }
  return dropped;
}

async function expireFronts(
  upkeep: QueueUpkeep,
  { nowMs, budget }: { nowMs: number; budget: Budget },
): Promise<number> {
  let expired = 0;
  let after = 0;
  for (;;) {
    const ids = await upkeep.queuesAfter(after, QUEUES_PER_PAGE);
    for (const id of ids) {
      for (let count = 1; count > 0 && !budget.isSpent(); expired += count) {
        count = await upkeep.expireUnreceived(id, { nowMs, limit: MESSAGES_PER_BATCH });
      }
    }
    after = ids.at(-1) ?? after;
    if (ids.length < QUEUES_PER_PAGE || budget.isSpent()) return expired;
  }
}

async function walk(
  upkeep: QueueUpkeep,
  from: number,
  { nowMs, budget }: { nowMs: number; budget: Budget },
): Promise<{ deleted: number; place: number | null }> {
  let deleted = 0;
  let place: number | null = from;
  while (place !== null && !budget.isSpent()) {
    const page: { deleted: number; last: number | null } = await upkeep.expireNext(place, {
      nowMs,
      limit: MESSAGES_PER_BATCH,
    });
    deleted += page.deleted;
    place = page.last;
  }
  return { deleted, place };
}
