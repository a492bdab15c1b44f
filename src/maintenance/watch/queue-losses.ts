import { writtenId } from "../../drives/drive-watch.ts";
import type { FoundDamage } from "../../metadata/blobs/damage.ts";
import type { PlacedShards } from "../../metadata/blobs/healing.ts";
import type { DriveLoss } from "../../metadata/drives/losses.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";

const BLOBS_PER_PAGE = 1_000;

/**
 * Queues for healing what drives were found to lack, from the rows alone: no drive is asked. All losses that are open go through the
 * blobs together, so that a blob that lost two shards is queued with both, before those that lost one.
 */
export const queueLosses: Job = {
  name: "queue-losses",
  async run(store, budget) {
    const report = { notedShards: 0 };
    for (;;) {
      const open = (await store.metadata.losses.open()).filter(({ queuedMs }) => queuedMs === null);
      if (open.length === 0) return { report, cursor: null };
      if (budget.isSpent()) return { report, cursor: null, isUnfinished: true };
      report.notedShards += await queuePages(store, budget, open);
    }
  },
};

/** Queues page after page until these losses are through, or time is over. Gives how many shards were noted. */
async function queuePages(store: StoreContext, budget: Budget, losses: readonly DriveLoss[]): Promise<number> {
  const { metadata, clock } = store;
  let noted = 0;
  let isOver = false;
  // Those that began later join in where the first one is; they go back to what they missed in the next round.
  const fromId = losses.map(({ afterId }) => afterId).sort()[0] as string;
  const going = losses.filter(({ afterId }) => afterId === fromId).map((loss) => ({ ...loss }));
  for (let afterId = fromId; !isOver; ) {
    const page = await metadata.healing.places(afterId, BLOBS_PER_PAGE);
    isOver = page.length < BLOBS_PER_PAGE;
    afterId = page.at(-1)?.id ?? afterId;
    const found: FoundDamage[] = [];
    for (const loss of going) {
      const lacking = page.flatMap((blob) => shardsLost(blob, loss));
      loss.notedShards += lacking.length;
      loss.afterId = afterId;
      loss.queuedMs = isOver ? clock.now() : null;
      found.push(...lacking);
    }
    await metadata.healing.note(found, clock.now());
    // Not before they are noted: a run that is cut off here notes them again.
    await metadata.losses.progress(going);
    noted += found.length;
    if (budget.isSpent()) break;
  }
  return noted;
}

/** The blob's shards that the drive may lack by this loss. */
function shardsLost({ id, shards }: PlacedShards, { drive, fromId, beforeId }: DriveLoss): FoundDamage[] {
  return shards.flatMap((place, shard): FoundDamage[] => {
    if (place?.[0] !== drive) return [];
    const written = writtenId(place[1]);
    return written >= fromId && written < beforeId ? [{ blobId: id, shard, cause: "lost" }] : [];
  });
}
