import type { StoreContext } from "../src/store/context.ts";
import { deleteObject, deleteObjects } from "../src/store/delete/delete.ts";
import { listVersions, type VersionEntry } from "../src/store/read/list-versions.ts";
import { headObject } from "../src/store/read/objects.ts";
import { putLegalHold } from "../src/store/write/amend.ts";
import { BUCKETS, KEYS } from "./operation.ts";
import { type Oracle, Violation } from "./oracle.ts";
import type { Versions } from "./versions.ts";
import type { World } from "./world.ts";

/** What is at rest, with nothing else going on. */
export interface Resting {
  world: World;
  oracle: Oracle;
  versions: Versions;
  store: StoreContext;
}

/**
 * Removes old versions without promises, so that long runs stay small, and some of the delete
 * markers that hide keys: those keys name their newest older version again.
 */
export async function tidyVersions(resting: Resting): Promise<void> {
  const promised = resting.versions.trim(resting.world.random);
  for (const bucket of BUCKETS.filter((name) => name !== "plain")) {
    for (const key of KEYS) await tidyKey(resting, { bucket, key }, promised);
  }
}

async function tidyKey(
  resting: Resting,
  { bucket, key }: { bucket: string; key: string },
  promised: ReadonlySet<string>,
): Promise<void> {
  const { world, store } = resting;
  const entries = await versionsOf(store, bucket, key);
  const [latest, ...older] = entries;
  if (!latest) return;
  const kept = latest.isMarker && world.random.chance(0.5) ? await restore(resting, bucket, entries) : latest;
  const doomed = older.filter((entry) => entry !== kept && !promised.has(`${bucket} ${entry.versionId}`));
  if (doomed.length === 0) return;
  if (bucket === "locked") {
    for (const { isMarker, versionId } of doomed) {
      if (!isMarker) await putLegalHold(store, { bucket, key, versionId }, "OFF");
    }
  }
  const deletions = doomed.map(({ versionId }) => ({ key, versionId }));
  for (const { refusal } of await deleteObjects(store, { bucket, deletions })) {
    if (refusal !== null) throw new Violation(`${bucket}/${key}: a version is ${refusal}`);
  }
  world.count("old version tidied away", doomed.length);
}

/** Removes the delete marker that hides the key; returns what it names from then on. */
async function restore(
  { world, oracle, store }: Resting,
  bucket: string,
  [marker, next]: readonly VersionEntry[],
): Promise<VersionEntry | undefined> {
  const { key, versionId } = marker as VersionEntry;
  await deleteObject(store, { bucket, key, versionId });
  const etag = next && !next.isMarker ? next.etag : null;
  if (etag !== null && (await headObject(store, { bucket, key })).versionId !== next?.versionId) {
    throw new Violation(`${bucket}/${key}: not its newest version came back`);
  }
  oracle.reset(`${bucket}/${key}`, etag);
  world.count("delete marker removed");
  return next;
}

/** All versions and delete markers of a key, the newest first. */
async function versionsOf(store: StoreContext, bucket: string, key: string): Promise<VersionEntry[]> {
  const query = { bucket, prefix: key, delimiter: "", after: { key: "" }, limit: 10_000 };
  const { entries } = await listVersions(store, query);
  return entries.filter((entry) => entry.kind === "version").filter((entry) => entry.key === key);
}
