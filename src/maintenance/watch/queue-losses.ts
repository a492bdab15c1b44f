import { DriveError } from "../../drives/drive.ts";
import { writtenId } from "../../drives/drive-watch.ts";
import { CALLS_AT_ONCE } from "../../drives/limits.ts";
import type { FoundDamage } from "../../metadata/blobs/damage.ts";
import type { PlacedShards } from "../../metadata/blobs/healing.ts";
import type { DriveLoss, LossCause } from "../../metadata/drives/losses.ts";
import type { StoreContext } from "../../store/context.ts";
import { isSettling } from "../../store/placement/shard-key.ts";
import type { Budget, Job } from "../run/job.ts";

const BLOBS_PER_PAGE = 1_000;
/** While shards are looked for, the clock is read more often. */
const BLOBS_PER_LOOK = 200;

/** Nothing that should be there is there: the rows alone say what to queue. */
const LOST_ALL: ReadonlySet<LossCause> = new Set(["emptied", "swapped", "foreign"]);

/**
 * Queues the losses of drives for healing, page by page of the rows. A drive that lost everything
 * is not asked; on others each shard is looked for. All losses of one kind go through the blobs
 * together. So a blob that lost two shards is queued with both, and before those that lost one.
 */
export const queueLosses: Job = {
  name: "queue-losses",
  async run(store, budget) {
    const report = { notedShards: 0, lookedShards: 0 };
    for (;;) {
      const open = (await store.metadata.losses.open()).filter(({ queuedMs }) => queuedMs === null);
      const isLookedFor = !open.some(({ cause }) => LOST_ALL.has(cause));
      const [first, ...others] = open.filter(({ cause }) => LOST_ALL.has(cause) !== isLookedFor);
      if (!first) return { report, cursor: null };
      if (budget.isSpent()) return { report, cursor: null, isUnfinished: true };
      const queueing = new Queueing(store, report, { isLookedFor, losses: [first, ...others] });
      if (!(await queueing.run(budget))) return { report, cursor: null };
    }
  },
};

/** Losses that go through the blobs together. */
class Queueing {
  readonly #store: StoreContext;
  readonly #report: { notedShards: number; lookedShards: number };
  readonly #isLookedFor: boolean;
  readonly #going: DriveLoss[];

  /** Losses that are further ahead wait until the first has caught up. */
  constructor(
    store: StoreContext,
    report: { notedShards: number; lookedShards: number },
    { isLookedFor, losses }: { isLookedFor: boolean; losses: readonly DriveLoss[] },
  ) {
    this.#store = store;
    this.#report = report;
    this.#isLookedFor = isLookedFor;
    const fromId = losses.map(({ afterId }) => afterId).sort()[0];
    this.#going = losses.filter(({ afterId }) => afterId === fromId).map((loss) => ({ ...loss }));
  }

  /**
   * Processes page after page until the end or until time is over. False if a drive does not
   * answer: the next run continues.
   */
  async run(budget: Budget): Promise<boolean> {
    const { metadata, clock } = this.#store;
    const limit = this.#isLookedFor ? BLOBS_PER_LOOK : BLOBS_PER_PAGE;
    let afterId = this.#going[0]?.afterId ?? "";
    do {
      const page = await metadata.healing.places(afterId, limit);
      const isOver = page.length < limit;
      afterId = page.at(-1)?.id ?? afterId;
      const found: FoundDamage[] = [];
      let isComplete = true;
      for (const loss of this.#going) {
        const lacking = await this.#lacking(page, loss);
        if (lacking === null) {
          isComplete = false;
          continue;
        }
        loss.notedShards += lacking.length;
        loss.afterId = afterId;
        loss.queuedMs = isOver ? clock.now() : null;
        found.push(...lacking);
      }
      await metadata.healing.note(found, clock.now());
      this.#report.notedShards += found.length;
      // Not before they are recorded: after an interruption here they are recorded again.
      await metadata.losses.progress(this.#going);
      if (!isComplete) return false;
      if (isOver) return true;
    } while (!budget.isSpent());
    return true;
  }

  /** The shards of these blobs that the drive lacks; null if it does not answer. */
  async #lacking(page: readonly PlacedShards[], loss: DriveLoss): Promise<FoundDamage[] | null> {
    const shards = page.flatMap((blob) => shardsOf(blob, loss));
    if (!this.#isLookedFor) return shards.map(({ found }) => found);
    try {
      return await this.#absent(shards, loss.drive);
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      return null;
    }
  }

  async #absent(shards: readonly SuspectedShard[], name: string): Promise<FoundDamage[]> {
    const drive = this.#store.drives.find((other) => other.name === name);
    // A drive that is no longer configured is left to the drain.
    if (!drive) return [];
    const absent: FoundDamage[] = [];
    for (let at = 0; at < shards.length; at += CALLS_AT_ONCE) {
      const some = shards.slice(at, at + CALLS_AT_ONCE);
      const heads = await Promise.all(some.map(({ key }) => drive.head(key)));
      some.forEach(({ key, found }, index) => {
        if (heads[index] === null && !isSettling(drive, key, this.#store.clock.now())) absent.push(found);
      });
    }
    this.#report.lookedShards += shards.length;
    return absent;
  }
}

interface SuspectedShard {
  key: string;
  found: FoundDamage;
}

/** The blob's shards that the drive may lack by this loss. */
function shardsOf({ id, shards }: PlacedShards, { drive, fromId, beforeId }: DriveLoss): SuspectedShard[] {
  return shards.flatMap((place, shard): SuspectedShard[] => {
    if (place?.[0] !== drive) return [];
    const written = writtenId(place[1]);
    if (written < fromId || written >= beforeId) return [];
    return [{ key: place[1], found: { blobId: id, shard, cause: "lost" } }];
  });
}
