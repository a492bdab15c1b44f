import { DriveError } from "../drives/drive.ts";
import type { BlobRow } from "../metadata/rows.ts";
import type { StoreContext } from "../store/context.ts";
import type { Budget, Job } from "./job.ts";

const TRASH_PER_BATCH = 100;
const BLOBS_PER_BATCH = 100;

/**
 * Deletes the bytes of what was replaced, deleted and aborted: the only code that deletes shards. In this order, each step
 * idempotent:
 *
 * 1. Trash older than the grace time is emptied: its references go, and blobs that nothing refers to any more are condemned,
 *    in one transaction. From then on no commit can refer to them.
 * 2. The shards of condemned blobs are deleted.
 * 3. The rows of those whose shards are all deleted are forgotten. A drive that fails keeps its blobs condemned; the next run
 *    tries again.
 */
export const collect: Job = {
  name: "collect",
  async run(context, budget) {
    const emptied = await emptyTrash(context, budget);
    const deleted = await deleteCondemned(context, budget);
    return { report: { emptied, ...deleted }, cursor: null };
  },
};

async function emptyTrash({ metadata, clock, settings }: StoreContext, budget: Budget): Promise<number> {
  let emptied = 0;
  while (!budget.isSpent()) {
    const trash = await metadata.blobs.trash(clock.now() - settings.graceSeconds * 1000, TRASH_PER_BATCH);
    if (trash.length === 0) break;
    await metadata.blobs.releaseTrash(trash, clock.now());
    emptied += trash.length;
  }
  return emptied;
}

async function deleteCondemned(context: StoreContext, budget: Budget) {
  let deletedBlobs = 0;
  while (!budget.isSpent()) {
    const condemned = await context.metadata.blobs.condemned(BLOBS_PER_BATCH);
    const failedDrives = await deleteShards(context, condemned);
    const gone = condemned.filter((blob) => blob.shards.every((place) => !place || !failedDrives.has(place[0])));
    if (gone.length > 0) await context.metadata.blobs.forget(gone.map(({ id }) => id));
    deletedBlobs += gone.length;
    // Whatever is left waits for a drive.
    if (condemned.length < BLOBS_PER_BATCH || gone.length === 0)
      return { deletedBlobs, failedDrives: failedDrives.size };
  }
  return { deletedBlobs, failedDrives: 0 };
}

/** Deletes the blobs' shards, drive by drive. Gives the drives that failed or are not configured any more. */
async function deleteShards({ drives }: StoreContext, blobs: readonly BlobRow[]): Promise<Set<string>> {
  const keys = new Map<string, string[]>();
  for (const place of blobs.flatMap((blob) => blob.shards)) {
    if (place) keys.set(place[0], [...(keys.get(place[0]) ?? []), place[1]]);
  }
  const failed = new Set<string>();
  await Promise.all(
    [...keys].map(async ([name, shardKeys]) => {
      const drive = drives.find((candidate) => candidate.name === name);
      try {
        if (drive) await drive.delete(shardKeys);
        else failed.add(name);
      } catch (error) {
        if (!(error instanceof DriveError)) throw error;
        failed.add(name);
      }
    }),
  );
  return failed;
}
