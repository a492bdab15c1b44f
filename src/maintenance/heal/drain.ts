import type { DamageCause, FoundDamage } from "../../metadata/blobs/damage.ts";
import type { PlacedShards } from "../../metadata/blobs/healing.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Job } from "../run/job.ts";

const BLOBS_PER_PAGE = 1_000;
/** How often all blobs are walked while there is something to drain, and while there is not. */
const BUSY_INTERVAL_MS = 3600 * 1000;
const IDLE_INTERVAL_MS = 24 * 3600 * 1000;

interface Cursor {
  /** Of the walk under way; null: none is. */
  afterId: string | null;
  /** Whether the walk under way, or the last one, found anything. */
  isBusy: boolean;
  /** When the last walk ended. */
  endedMs: number;
  /** The configuration that it was for. */
  drives: string;
}

/**
 * Finds the shards on drives that are to be emptied, or are no longer configured, and queues them;
 * the healer moves them, each blob in its turn. Walks all blobs at once after a change of the
 * configuration, otherwise now and then: an isolate with the old configuration may have written to
 * such a drive later.
 */
export const drain: Job = {
  name: "drain",
  async run(store, budget, saved) {
    const drives = store.drives.map(({ name, draining }) => (draining ? `${name} draining` : name)).join(", ");
    const cursor = begin(saved as Cursor | null, drives, store.clock.now());
    const report = { notedShards: 0 };
    if (cursor.afterId === null) return { report, cursor };
    while (!budget.isSpent()) {
      const page = await store.metadata.healing.places(cursor.afterId, BLOBS_PER_PAGE);
      const found = page.flatMap((blob) => misplaced(store, blob));
      await store.metadata.healing.note(found, store.clock.now());
      report.notedShards += found.length;
      cursor.isBusy ||= found.length > 0;
      if (page.length < BLOBS_PER_PAGE) {
        return { report, cursor: { ...cursor, afterId: null, endedMs: store.clock.now() } };
      }
      cursor.afterId = (page.at(-1) as PlacedShards).id;
    }
    return { report, cursor, isUnfinished: true };
  },
};

/** Where this run goes on. */
function begin(saved: Cursor | null, drives: string, nowMs: number): Cursor & { afterId: string | null } {
  const fresh: Cursor = { afterId: "", isBusy: false, endedMs: 0, drives };
  if (saved?.drives !== drives) return fresh;
  if (saved.afterId !== null) return saved;
  const intervalMs = saved.isBusy ? BUSY_INTERVAL_MS : IDLE_INTERVAL_MS;
  return nowMs - saved.endedMs >= intervalMs ? fresh : saved;
}

/** The blob's shards on drives that are draining or gone. */
function misplaced({ drives }: StoreContext, { id, shards }: PlacedShards): FoundDamage[] {
  return shards.flatMap((place, shard): FoundDamage[] => {
    if (!place) return [];
    const drive = drives.find(({ name }) => name === place[0]);
    const cause: DamageCause | null = !drive ? "gone" : drive.draining ? "draining" : null;
    return cause ? [{ blobId: id, shard, cause }] : [];
  });
}
