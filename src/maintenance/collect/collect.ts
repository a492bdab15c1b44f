import { type Drive, DriveError } from "../../drives/drive.ts";
import type { CondemnedBlob, CondemnedPlace } from "../../metadata/blobs/blobs.ts";
import type { BlobRow, ShardPlace } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { driveOf } from "../check/check-shard.ts";
import { droppedBeforeMs } from "../run/hold.ts";
import type { Budget, Job, JobResult } from "../run/job.ts";

const TRASH_PER_BATCH = 100;
const BLOBS_PER_BATCH = 100;

/** Deletes the bytes of replaced, deleted and aborted objects; see `collectGarbage`. */
export const collect: Job = {
  name: "collect",
  run: (store, budget, saved) => collectGarbage(store, budget, saved as CondemnedPlace | null),
};

/**
 * Together with the walk, the only code that deletes shards. In this order, each step idempotent:
 *
 * 1. Trash older than the grace time, and than the newest snapshot of the metadata, is emptied: its
 *    references go, and unreferenced blobs are condemned, in one transaction. From then on no
 *    commit can refer to them.
 * 2. The shards of condemned blobs are deleted, drive by drive. A shard on a drive that is no
 *    longer configured counts as deleted: if the drive comes back, the walk finds it.
 * 3. The rows of blobs without shards are deleted. A blob with a shard on a failing drive stays
 *    condemned and names only the rest; it does not delay the others.
 */
export async function collectGarbage(
  store: StoreContext,
  budget: Budget,
  saved: CondemnedPlace | null,
): Promise<JobResult> {
  const report = { emptied: 0, deletedBlobs: 0, waitingBlobs: 0, failedDrives: 0 };
  const failed = new Set<string>();
  let after = saved;
  // Once per run: a snapshot that begins meanwhile names nothing that was dropped before that.
  const beforeMs = await droppedBeforeMs(store);
  while (!budget.isSpent()) {
    const emptied = await emptyTrash(store, beforeMs);
    const condemned = await store.metadata.blobs.condemned(after, BLOBS_PER_BATCH);
    if (emptied === 0 && condemned.length === 0) return { report, cursor: null };
    const waiting = await deleteBlobs(store, condemned, failed);
    after = placeOf(condemned.at(-1)) ?? after;
    report.emptied += emptied;
    report.deletedBlobs += condemned.length - waiting;
    report.waitingBlobs += waiting;
    report.failedDrives = failed.size;
  }
  return { report, cursor: after, isUnfinished: true };
}

/**
 * What `collectGarbage` would do with the present trash and condemned blobs, with the same names.
 * Changes nothing.
 */
export async function countGarbage(store: StoreContext, budget: Budget): Promise<JobResult["report"]> {
  const { metadata } = store;
  const emptied = await metadata.blobs.countTrash(await droppedBeforeMs(store));
  let deletedBlobs = 0;
  let after: CondemnedPlace | null = null;
  while (!budget.isSpent()) {
    const condemned: CondemnedBlob[] = await metadata.blobs.condemned(after, BLOBS_PER_BATCH);
    after = placeOf(condemned.at(-1));
    deletedBlobs += condemned.length;
    if (after === null) break;
  }
  return { emptied, deletedBlobs, waitingBlobs: 0, failedDrives: 0 };
}

function placeOf(blob: CondemnedBlob | undefined): CondemnedPlace | null {
  return blob ? { condemnedMs: blob.condemnedMs, id: blob.id } : null;
}

async function emptyTrash({ clock, metadata }: StoreContext, beforeMs: number): Promise<number> {
  const trash = await metadata.blobs.trash(beforeMs, TRASH_PER_BATCH);
  if (trash.length > 0) await metadata.blobs.releaseTrash(trash, clock.now());
  return trash.length;
}

/**
 * Deletes the shards and rows of these. Returns how many must wait for a drive; failing drives are
 * added to `failed` and not asked again.
 */
async function deleteBlobs(store: StoreContext, blobs: readonly BlobRow[], failed: Set<string>): Promise<number> {
  await deleteShards(store, blobs, failed);
  const isLeft = (place: ShardPlace) => driveOf(store, place) !== null && failed.has(place?.[0] ?? "");
  const gone = blobs.filter(({ shards }) => !shards.some(isLeft));
  if (gone.length > 0) await store.metadata.blobs.forget(gone.map(({ id }) => id));
  const waiting = blobs.filter(({ shards }) => shards.some(isLeft));
  const lessened = waiting
    .filter(({ shards }) => shards.some((place) => place && !isLeft(place)))
    .map(({ id, shards }) => ({ id, shards: shards.map((place) => (isLeft(place) ? place : null)) }));
  if (lessened.length > 0) await store.metadata.blobs.keepOnly(lessened);
  return waiting.length;
}

async function deleteShards(store: StoreContext, blobs: readonly BlobRow[], failed: Set<string>): Promise<void> {
  const keys = new Map<Drive, string[]>();
  for (const place of blobs.flatMap((blob) => blob.shards)) {
    const drive = driveOf(store, place);
    if (place && drive && !failed.has(drive.name)) keys.set(drive, [...(keys.get(drive) ?? []), place[1]]);
  }
  await Promise.all(
    [...keys].map(async ([drive, shardKeys]) => {
      try {
        await drive.delete(shardKeys);
      } catch (error) {
        if (!(error instanceof DriveError)) throw error;
        failed.add(drive.name);
      }
    }),
  );
}
