import { dayOf } from "../../lifecycle/days.ts";
import type { VersionTable } from "../../metadata/blobs/packing.ts";
import type { TierableVersion } from "../../metadata/blobs/tiers.ts";
import type { DueConfiguration } from "../../metadata/buckets/named-configurations.ts";
import type { StoreContext } from "../../store/context.ts";
import { type AccessTier, classOfTier, type TieringConfiguration, tierFor } from "../../store/tiers/access-tiers.ts";
import type { ClassMove, VersionToMove } from "../../store/tiers/class-move.ts";
import { moveToTier } from "../../store/tiers/move-to-class.ts";
import { PackMemory } from "../../store/tiers/rewrite-extents.ts";
import type { Budget, Job } from "../run/job.ts";

const CONFIGURATIONS_PER_PAGE = 1_000;
const VERSIONS_PER_PAGE = 500;
const NOTES_PER_BATCH = 500;
/** In a run; all of them count as `failedMoves`. */
const FAILURES_TOLD = 5;
const CLASS = "INTELLIGENT_TIERING";

interface Cursor {
  /** When the walk under way began, or the last one. */
  beganMs: number;
  /** Position of the walk; null: it is over. */
  at: { bucketId: number; table: VersionTable; after: { key: string; seq: number } | null } | null;
}

/**
 * Moves objects of class INTELLIGENT_TIERING, in buckets with a configuration, to the access tier
 * of their last access, and back. Walks those buckets once a day of `SHERD_LIFECYCLE_DAY_SECONDS`,
 * over several runs. The configurations of that run decide about each version.
 */
export const tiering: Job = {
  name: "tiering",
  async run(store, budget, saved) {
    const report = { movedObjects: 0, movedBytes: 0, failedMoves: 0 };
    const nowMs = store.clock.now();
    let cursor = saved as Cursor | null;
    if (!cursor || (cursor.at === null && nowMs - cursor.beganMs >= store.settings.lifecycleDaySeconds * 1000)) {
      cursor = { beganMs: nowMs, at: { bucketId: 0, table: "objects", after: null } };
    }
    const packs = new PackMemory();
    const failures: unknown[] = [];
    while (cursor.at && !budget.isSpent()) {
      const configured = await configuredBucket(store, cursor.at.bucketId);
      if (!configured) {
        while ((await store.metadata.tiers.forgetUnaskedAccesses(NOTES_PER_BATCH)) === NOTES_PER_BATCH) {
          if (budget.isSpent()) return { report, cursor, isUnfinished: true, failures };
        }
        return { report, cursor: { ...cursor, at: null }, failures };
      }
      const { bucketId } = configured;
      const at: NonNullable<Cursor["at"]> =
        cursor.at.bucketId === bucketId ? cursor.at : { bucketId, table: "objects" as const, after: null };
      const page = await store.metadata.tiers.tierable(at.table, bucketId, at.after, VERSIONS_PER_PAGE);
      const moving = { store, budget, packs, report, failures, table: at.table, ...configured };
      const left = await moveAll(moving, page.versions);
      if (left) return { report, cursor: { ...cursor, at: { ...at, after: left } }, isUnfinished: true, failures };
      cursor = { ...cursor, at: await following(store, at, page.next) };
    }
    return { report, cursor, failures, ...(cursor.at ? { isUnfinished: true } : {}) };
  },
};

async function following(
  store: StoreContext,
  at: NonNullable<Cursor["at"]>,
  next: { key: string; seq: number } | null,
): Promise<Cursor["at"]> {
  if (next) return { ...at, after: next };
  if (at.table === "objects") return { ...at, table: "versions", after: null };
  await store.metadata.tiers.forgetAccesses(at.bucketId);
  return { bucketId: at.bucketId + 1, table: "objects", after: null };
}

interface ConfiguredBucket {
  bucketId: number;
  configurations: { document: TieringConfiguration; setMs: number }[];
}

/** The first bucket from `fromId` on that has configurations; null: there is none. */
async function configuredBucket(store: StoreContext, fromId: number): Promise<ConfiguredBucket | null> {
  const place = { bucketId: fromId - 1, id: "\u{10ffff}" };
  const found = await store.metadata.named.due("intelligent-tiering", place, CONFIGURATIONS_PER_PAGE);
  const [first] = found;
  if (!first) return null;
  const own = found.filter(({ bucketId }) => bucketId === first.bucketId);
  const configurations = own.map(({ document, setMs }: DueConfiguration) => ({
    document: JSON.parse(document),
    setMs,
  }));
  return { bucketId: first.bucketId, configurations };
}

interface Moving extends ConfiguredBucket {
  store: StoreContext;
  budget: Budget;
  packs: PackMemory;
  report: { movedObjects: number; movedBytes: number; failedMoves: number };
  failures: unknown[];
  table: VersionTable;
}

/** Null if all were processed; otherwise the position to continue after. */
async function moveAll(
  moving: Moving,
  versions: readonly TierableVersion[],
): Promise<{ key: string; seq: number } | null> {
  const { store, budget, report, table, bucketId } = moving;
  for (const version of versions) {
    const tier = wantedTier(moving, version);
    if (tier === version.tier) continue;
    const { key, seq, id } = version;
    // Continues with this version.
    if (budget.isSpent()) return { key, seq: seq + 1 };
    const laidAs = tier === null ? CLASS : classOfTier(store.settings, tier);
    // The class was removed from the configuration: the version stays where it is.
    if (laidAs === null) continue;
    const from = { table, place: { bucketId, key, seq }, id, storageClass: CLASS };
    const moved = await tryMove(moving, from, { tier, laidAs });
    if (moved.kind === "in-part") return { key, seq: seq + 1 };
    if (moved.kind === "failed") report.failedMoves += 1;
    if (moved.kind === "moved") {
      report.movedObjects += 1;
      report.movedBytes += moved.bytes ?? 0;
    }
  }
  return null;
}

/** A failure of one version, even an unexpected one, does not affect the others. */
async function tryMove(
  { store, budget, packs, failures }: Moving,
  from: VersionToMove,
  to: { tier: AccessTier | null; laidAs: string },
): Promise<{ kind: ClassMove["kind"]; bytes?: number }> {
  try {
    return await moveToTier(store, from, to, { isSpent: () => budget.isSpent(), packs });
  } catch (error) {
    if (failures.length < FAILURES_TOLD) failures.push(error);
    return { kind: "failed" };
  }
}

/** Accesses are complete from the day of the first configuration. Earlier records have gaps. */
function wantedTier({ store, configurations }: Moving, version: TierableVersion): AccessTier | null {
  const { settings, clock } = store;
  const since = Math.min(...configurations.map(({ setMs }) => dayOf(setMs, settings)));
  const last = Math.max(dayOf(version.modifiedMs, settings), since, version.accessDay ?? 0);
  const idleDays = dayOf(clock.now(), settings) - last;
  const documents = configurations.map(({ document }) => document);
  return tierFor(documents, { ...version, idleDays });
}
