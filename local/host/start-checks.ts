import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { isMarkerKey, MARKER_PREFIX } from "../../src/drives/marker.ts";
import { idTimeMs } from "../../src/store/placement/ids.ts";
import { parseShardKey, parseSnapshotKey, SNAPSHOT_PREFIX } from "../../src/store/placement/shard-key.ts";
import { StartError } from "../start-error.ts";
import type { MetadataClient } from "../workerd/metadata-client.ts";
import type { DiskWatch, WatchedDrive } from "./disk-watch.ts";

/**
 * The common part of messages about metadata that do not match their drives; callers add the rest.
 */
const RESTORE_HINT = "npm run restore -- --data DIR rebuilds them from the newest snapshot on the drives";
/**
 * Jobs run every minute. If metadata know of none in this time before a snapshot, the snapshot is
 * not theirs.
 */
const SNAPSHOT_LEAD_MS = 5 * 60_000;

/**
 * Reports each drive in trouble to `tell`. Throws a StartError that names them if they are more
 * than `spares`, the m of the geometry.
 */
export function requireDrives(watch: DiskWatch, spares: number, tell: (sentence: string) => void): void {
  const troubles = watch
    .troubles()
    .map(({ drive, state }) => `drive ${drive.name} is ${state.trouble}: ${state.advice}`);
  if (troubles.length > spares) {
    const atMost = spares === 0 ? "none may be" : `at most ${spares} of them may be`;
    throw new StartError(
      `too many drives cannot be used (${atMost}):\n${troubles.map((line) => `- ${line}`).join("\n")}`,
    );
  }
  for (const trouble of troubles) tell(trouble);
}

/**
 * Throws a StartError if drives hold shards of a store but there are no metadata: most likely the
 * metadata are on a disk that is not mounted.
 */
export async function requireNoShards(metadataPath: string, drives: readonly WatchedDrive[]): Promise<void> {
  const holding: string[] = [];
  for (const { name, path } of drives) if (await holdsShards(path)) holding.push(name);
  if (holding.length === 0) return;
  throw new StartError(
    `there are no metadata in ${metadataPath}, but shards on ${holding.join(", ")}: mount the metadata's disk or move them ` +
      `back; ${RESTORE_HINT}; npm start -- --new begins a new, empty store and moves what lies on the drives aside`,
  );
}

/**
 * Throws a StartError if the metadata cannot be those of the drives: they are empty beside shards,
 * or a snapshot on the drives is newer than anything they know.
 */
export async function requireMetadataOfDrives(
  metadata: MetadataClient,
  metadataPath: string,
  drives: readonly WatchedDrive[],
): Promise<void> {
  const { lastJobMs, isUnused, hasBuckets, store } = await ageOf(metadata);
  if (isUnused || (!hasBuckets && (await areOfOthers(drives, store)))) return requireNoShards(metadataPath, drives);
  const newestMs = await newestSnapshotMs(drives);
  if (newestMs === null || lastJobMs >= newestMs - SNAPSHOT_LEAD_MS) return;
  const time = (ms: number) => new Date(ms).toISOString();
  throw new StartError(
    `the metadata in ${metadataPath} are those of ${time(lastJobMs)}, but the drives hold a snapshot of ${time(newestMs)}: ` +
      `mount the right disk or move the newer metadata back; ${RESTORE_HINT} (move these away first); npm start -- --new ` +
      "goes on with them as they are, and what they do not know of is deleted from the drives in time",
  );
}

/**
 * Whether drives have markers, but none of this store: jobs have run on metadata that an earlier
 * start created.
 */
async function areOfOthers(drives: readonly WatchedDrive[], store: string | null): Promise<boolean> {
  const folder = join(MARKER_PREFIX.slice(0, 5), MARKER_PREFIX.slice(5, 7));
  const stores: unknown[] = [];
  for (const { path } of drives) {
    for (const name of await names(join(path, folder))) {
      if (!isMarkerKey(name)) continue;
      const text = await readFile(join(path, folder, name), "utf8").catch(() => "");
      stores.push(storeOfMarker(text));
    }
  }
  return stores.length > 0 && !stores.includes(store);
}

/** Null if no job has run, or the metadata are older than the drives' markers. */
async function storeOf(metadata: MetadataClient): Promise<string | null> {
  try {
    const [[identity] = []] = await metadata.query([{ sql: "SELECT store FROM identity", params: [] }]);
    return typeof identity?.store === "string" ? identity.store : null;
  } catch (error) {
    if (/no such (table|column)/.test(String(error))) return null;
    throw error;
  }
}

/** Null if the text is not a marker. */
function storeOfMarker(text: string): unknown {
  try {
    return (JSON.parse(text) as { store?: unknown }).store ?? null;
  } catch {
    return null;
  }
}

/**
 * Moves the contents of the drives into a folder `before-<time>` on each. Sherd never reads that
 * folder.
 */
export async function moveShardsAside(drives: readonly WatchedDrive[], nowMs: number): Promise<string[]> {
  const name = `before-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "")}`;
  const moved: string[] = [];
  for (const { path } of drives) {
    const entries = (await readdir(path).catch(() => [])).filter((entry) => !entry.startsWith("before-"));
    if (entries.length === 0) continue;
    await mkdir(join(path, name), { mode: 0o700 });
    for (const entry of entries) await rename(join(path, entry), join(path, name, entry));
    moved.push(join(path, name));
  }
  return moved;
}

/** A shard is two folders deep: see the disk drive. */
async function holdsShards(path: string): Promise<boolean> {
  for (const folder of await names(path, 5)) {
    for (const inner of await names(join(path, folder), 2)) {
      const keys = await names(join(path, folder, inner));
      if (keys.some((key) => parseShardKey(key) !== null || parseSnapshotKey(key) !== null)) return true;
    }
  }
  return false;
}

/** Of complete and interrupted ones; null if there is none. */
async function newestSnapshotMs(drives: readonly WatchedDrive[]): Promise<number | null> {
  const folder = join(SNAPSHOT_PREFIX.slice(0, 5), SNAPSHOT_PREFIX.slice(5, 7));
  let newest: number | null = null;
  for (const { path } of drives) {
    for (const key of await names(join(path, folder))) {
      const snapshot = parseSnapshotKey(key);
      if (snapshot) newest = Math.max(newest ?? 0, idTimeMs(snapshot.snapshotId));
    }
  }
  return newest;
}

async function names(path: string, length?: number): Promise<string[]> {
  const entries = await readdir(path).catch(() => []);
  return length === undefined ? entries : entries.filter((entry) => entry.length === length);
}

interface MetadataAge {
  /** Last start of a background job or restore; 0 if there was none. */
  lastJobMs: number;
  /** Nothing was ever stored, and no job has run: a write needs a bucket first. */
  isUnused: boolean;
  hasBuckets: boolean;
  /** Id of the store; null if no job has run. */
  store: string | null;
}

async function ageOf(metadata: MetadataClient): Promise<MetadataAge> {
  try {
    const jobs = "SELECT max(max(coalesce(started_ms, 0), coalesce(finished_ms, 0))) AS ms FROM jobs";
    const buckets = "SELECT EXISTS (SELECT 1 FROM buckets) AS found";
    const [[job] = [], [bucket] = []] = await metadata.query([
      { sql: jobs, params: [] },
      { sql: buckets, params: [] },
    ]);
    const lastJobMs = Number(job?.ms ?? 0);
    const hasBuckets = bucket?.found === 1;
    return { lastJobMs, isUnused: lastJobMs === 0 && !hasBuckets, hasBuckets, store: await storeOf(metadata) };
  } catch (error) {
    // A database without migrations, or with only the first ones.
    if (String(error).includes("no such table"))
      return { lastJobMs: 0, isUnused: true, hasBuckets: false, store: null };
    throw error;
  }
}
