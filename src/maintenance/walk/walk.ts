import { type Drive, DriveError, type ShardPage } from "../../drives/drive.ts";
import { isMarkerKey } from "../../drives/marker.ts";
import type { StoreContext } from "../../store/context.ts";
import { parseShardKey, parseSnapshotKey, type ShardName } from "../../store/placement/shard-key.ts";
import { WRITE_SECONDS_MAX } from "../../store/settings.ts";
import { droppedBeforeMs } from "../run/hold.ts";
import type { Budget, Job, JobResult } from "../run/job.ts";
import { isRightDrive } from "../watch/confirm.ts";

const KEYS_PER_PAGE = 1_000;
/** A drive may need a call for each key. */
const KEYS_PER_DELETE = 100;
/**
 * Cron comes every few minutes. If the last run is longer ago, as far as D1 knows, D1 may have been
 * restored to its state of that time. Younger shards are then kept for another such period.
 */
const WATCH_GAP_MS = WRITE_SECONDS_MAX * 1000;
/** How far back D1 can be restored. */
const RESTORE_MS_MAX = 30 * 24 * 3600 * 1000;

/** Progress of the walk over one drive. */
interface DriveWalk {
  /** Of the drive; null: at the beginning. */
  at: string | null;
  beganMs: number;
  isOver: boolean;
  /** When it was last read. */
  triedMs: number;
}

interface Cursor {
  drives: Record<string, DriveWalk>;
  /** When the walk ran last. */
  seenMs: number;
  /**
   * Times of which this database knows nothing: it was restored to an earlier state, or no job ran.
   * [from, to] each.
   */
  gaps: [fromMs: number, toMs: number][];
}

interface Report {
  walkedShards: number;
  /** Old enough, and no row names them. */
  orphans: number;
  deletedShards: number;
  deletedBytes: number;
  /** No row names them, but the database may have forgotten them: they are left alone. */
  keptShards: number;
  /** Keys that are not Sherd's: they are left alone. */
  foreignKeys: number;
  failedDrives: number;
}

/** Walks every drive in order of age and deletes the shards that no row names; see `walkDrives`. */
export const walk: Job = {
  name: "walk",
  run: (store, budget, saved) => walkDrives(store, budget, saved),
};

/**
 * Lists each drive once in a cycle, page by page, and deletes orphans: shards whose blob has no
 * row, or whose row does not name them.
 *
 * A shard that is being written has no row yet either. Only its age distinguishes it from an
 * orphan. So an orphan must be older than the grace time, by the time in its own key, and no write
 * takes half as long (`WRITE_SECONDS_MAX`; later ones are refused before their commit). Once a
 * shard of that age is unnamed, nothing can name it any more. Its row is looked up again right
 * before it is deleted.
 *
 * A database may be the wrong one, or one that was restored to an earlier time, perhaps by mistake.
 * So shards from before its oldest bucket are never deleted. Shards from a time of which it knows
 * nothing are deleted only after as long as D1 can be restored.
 *
 * `isDryRun`: counts, and deletes nothing. A failing drive is skipped; the next run tries it again.
 */
export async function walkDrives(
  store: StoreContext,
  budget: Budget,
  saved: unknown,
  { isDryRun = false } = {},
): Promise<JobResult> {
  const { clock, settings } = store;
  const before = saved as Cursor | null;
  const walks = before?.drives ?? {};
  const cursor: Cursor = { drives: {}, seenMs: clock.now(), gaps: gapsUntil(clock.now(), before) };
  for (const { name } of store.drives) {
    const walked = walks[name];
    const isDue = !walked || (walked.isOver && clock.now() - walked.beganMs >= settings.walkCycleSeconds * 1000);
    const fresh = { at: null, beganMs: clock.now(), isOver: false, triedMs: walked?.triedMs ?? 0 };
    cursor.drives[name] = isDue ? fresh : { ...walked };
  }
  const walking = new Walking(store, budget, { isDryRun, gaps: cursor.gaps });
  let open = store.drives.filter((drive) => !walkOf(cursor, drive).isOver && !store.watch.isNotOurs(drive.name));
  if (open.length > 0) await walking.begin();
  // The drive that has waited longest comes first: a slow drive must not keep the others from their
  // turn.
  open = open.sort((a, b) => walkOf(cursor, a).triedMs - walkOf(cursor, b).triedMs);
  while (open.length > 0) {
    const going: Drive[] = [];
    for (const drive of open) {
      if (budget.isSpent()) return { report: { ...walking.report }, cursor, isUnfinished: true };
      if (await walking.step(drive, walkOf(cursor, drive))) going.push(drive);
    }
    open = going;
  }
  return { report: { ...walking.report }, cursor };
}

/** The gaps that still count, with a new one since the last run if that is too long ago. */
function gapsUntil(nowMs: number, before: Cursor | null): Cursor["gaps"] {
  const gaps = (before?.gaps ?? []).filter(([, toMs]) => nowMs - toMs <= RESTORE_MS_MAX);
  if (before && nowMs - before.seenMs > WATCH_GAP_MS) gaps.push([before.seenMs, nowMs]);
  return gaps;
}

function walkOf({ drives }: Cursor, { name }: Drive): DriveWalk {
  return drives[name] as DriveWalk;
}

interface OldShard extends ShardName {
  key: string;
  sizeBytes: number;
}

/** One run of the walk. */
class Walking {
  readonly report: Report = {
    walkedShards: 0,
    orphans: 0,
    deletedShards: 0,
    deletedBytes: 0,
    keptShards: 0,
    foreignKeys: 0,
    failedDrives: 0,
  };
  readonly #store: StoreContext;
  readonly #budget: Budget;
  readonly #isDryRun: boolean;
  readonly #gaps: Cursor["gaps"];
  #epochMs = Number.POSITIVE_INFINITY;

  constructor(store: StoreContext, budget: Budget, { isDryRun, gaps }: { isDryRun: boolean; gaps: Cursor["gaps"] }) {
    this.#store = store;
    this.#budget = budget;
    this.#isDryRun = isDryRun;
    this.#gaps = gaps;
  }

  async begin(): Promise<void> {
    this.#epochMs = await this.#store.metadata.walking.epochMs(this.#store.clock.now());
  }

  /** One page of the drive. True if there is more to do there now. */
  async step(drive: Drive, walked: DriveWalk): Promise<boolean> {
    walked.triedMs = this.#store.clock.now();
    try {
      const page = await drive.list({ limit: KEYS_PER_PAGE, ...(walked.at === null ? {} : { cursor: walked.at }) });
      const isDone = await this.#page(drive, page);
      // If time ran out in the middle of it, the page is walked again.
      if (!isDone) return false;
      walked.isOver = page.cursor === undefined || this.#isYoung(page);
      walked.at = walked.isOver ? null : (page.cursor ?? null);
      return !walked.isOver;
    } catch (error) {
      if (!(error instanceof DriveError)) throw error;
      // Some drives forget cursors.
      if (error.fault === "refused") walked.at = null;
      this.report.failedDrives += 1;
      return false;
    }
  }

  /** Deletes the page's orphans. False if time ran out. */
  async #page(drive: Drive, { shards }: ShardPage): Promise<boolean> {
    const old: OldShard[] = [];
    for (const shard of shards) {
      const name = parseShardKey(shard.key);
      // Snapshots belong to their own job, markers to the watch.
      if (!name) this.report.foreignKeys += parseSnapshotKey(shard.key) || isMarkerKey(shard.key) ? 0 : 1;
      else if (this.#ageMs(name.writtenMs) > this.#graceMs) old.push({ ...shard, ...name });
    }
    this.report.walkedShards += shards.length;
    const unnamed = await this.#unnamed(drive, old);
    const orphans = unnamed.filter(({ writtenMs }) => !this.#mayBeForgotten(writtenMs));
    this.report.keptShards += unnamed.length - orphans.length;
    this.report.orphans += orphans.length;
    for (let at = 0; at < orphans.length && !this.#isDryRun; at += KEYS_PER_DELETE) {
      if (at > 0 && this.#budget.isSpent()) return false;
      await this.#delete(drive, orphans.slice(at, at + KEYS_PER_DELETE));
    }
    return true;
  }

  async #delete(drive: Drive, orphans: readonly OldShard[]): Promise<void> {
    const still = await this.#unnamed(drive, orphans);
    if (still.length === 0) return;
    // On a drive in the place of another one, every shard looks like an orphan.
    if (!(await isRightDrive(this.#store, drive))) {
      this.report.keptShards += still.length;
      return;
    }
    await drive.delete(still.map(({ key }) => key));
    this.report.deletedShards += still.length;
    this.report.deletedBytes += still.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  async #unnamed(drive: Drive, shards: readonly OldShard[]): Promise<OldShard[]> {
    if (shards.length === 0) return [];
    const movedBeforeMs = await droppedBeforeMs(this.#store);
    const keys = await this.#store.metadata.walking.orphans(drive.name, shards, movedBeforeMs);
    return shards.filter(({ key }) => keys.has(key));
  }

  /** Whether this database may have lost the row of a shard from that time. */
  #mayBeForgotten(writtenMs: number): boolean {
    if (writtenMs < this.#epochMs) return true;
    const isInGap = this.#gaps.some(([fromMs, toMs]) => writtenMs > fromMs && writtenMs < toMs);
    return isInGap && this.#ageMs(writtenMs) <= RESTORE_MS_MAX;
  }

  /** Keys are in order of their blobs' age: after a young one there are no orphans. */
  #isYoung({ shards }: ShardPage): boolean {
    const last = parseShardKey(shards.at(-1)?.key ?? "");
    const blob = last && parseShardKey(`${last.blobId}-00`);
    return blob !== null && this.#ageMs(blob.writtenMs) <= this.#graceMs;
  }

  get #graceMs(): number {
    return this.#store.settings.orphanGraceSeconds * 1000;
  }

  #ageMs(writtenMs: number): number {
    return this.#store.clock.now() - writtenMs;
  }
}
