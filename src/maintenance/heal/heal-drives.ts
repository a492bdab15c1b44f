import { type Drive, DriveError } from "../../drives/drive.ts";
import { examineDrive } from "../../drives/examine.ts";
import { CALLS_AT_ONCE } from "../../drives/limits.ts";
import { allStores } from "../../store/buckets/databases.ts";
import type { StoreContext } from "../../store/context.ts";
import { newId } from "../../store/placement/ids.ts";
import { isSettling } from "../../store/placement/shard-key.ts";
import type { Budget } from "../run/job.ts";
import { runJobs } from "../run/run-jobs.ts";
import { placeMarker } from "../watch/place-marker.ts";
import { queueLosses } from "../watch/queue-losses.ts";
import { sentenceOf } from "../watch/sentences.ts";
import { expectedMarker, watch } from "../watch/watch.ts";
import { healAtMost } from "./heal.ts";

const BLOBS_PER_PAGE = 200;

/** The request cannot be carried out; says why and what to do. */
export interface HealRefusal {
  state: "refused";
  reason: string;
}

/** Results of a call, and the remaining work. Call again until `state` is `done`. */
export interface HealStep {
  state: "going-on" | "done";
  /** Of this call: shards that were looked for, queued and written, and the bytes of these. */
  lookedShards: number;
  notedShards: number;
  healedBlobs: number;
  writtenShards: number;
  writtenBytes: number;
  /** Drives whose losses are not yet known. */
  openDrives: string[];
  /** Shards in the healer's queue; counted up to 10,000. */
  waitingShards: number;
}

/**
 * Requests that every shard of these drives is looked for, and that waiting damage is healed at
 * once.
 */
export async function beginHealing(store: StoreContext, names: readonly string[]): Promise<HealRefusal | null> {
  const unknown = names.find((name) => !store.drives.some((drive) => drive.name === name));
  if (unknown !== undefined) return { state: "refused", reason: `there is no drive ${unknown}` };
  await runJobs(store, [watch]);
  const noticedMs = store.clock.now();
  const beforeId = newId({
    clock: { ...store.clock, now: () => noticedMs + 1 },
    random: (count) => new Uint8Array(count),
  });
  for (const { metadata } of allStores(store)) {
    for (const drive of names) await metadata.losses.add({ drive, noticedMs, cause: "asked", fromId: "", beforeId });
    await metadata.healing.retryAll(noticedMs);
  }
  return null;
}

/**
 * A limited piece of the work. Safe to call at any time, also concurrently: each job has a lease.
 */
export async function goOnHealing(
  store: StoreContext,
  { seconds, bytesPerSecond }: { seconds: number; bytesPerSecond: number | null },
): Promise<HealStep> {
  const bounded = { ...store, settings: { ...store.settings, runSeconds: seconds } };
  const reports = await runJobs(bounded, [queueLosses, healAtMost(bytesPerSecond)]);
  const sum = (job: string, what: string) =>
    [...reports]
      .filter(([name]) => name === job || name.endsWith(`/${job}`))
      .reduce((total, [, report]) => total + (report[what] ?? 0), 0);
  const stores = allStores(store);
  const open = (await Promise.all(stores.map(({ metadata }) => metadata.losses.open()))).flat();
  const waiting = await Promise.all(stores.map(({ metadata }) => metadata.census.backlog()));
  const waitingShards = waiting.reduce((total, { damage }) => total + damage.rows, 0);
  const openDrives = [...new Set(open.filter(({ queuedMs }) => queuedMs === null).map(({ drive }) => drive))];
  const writtenShards = sum("heal", "rebuiltShards") + sum("heal", "copiedShards");
  const isBusyElsewhere = reports.size < 2 * stores.length;
  const hasMoved = writtenShards + sum("heal", "fineShards") + sum("queue-losses", "lookedShards") > 0;
  const isDone = openDrives.length === 0 && !isBusyElsewhere && (waitingShards === 0 || !hasMoved);
  return {
    state: isDone ? "done" : "going-on",
    lookedShards: sum("queue-losses", "lookedShards"),
    notedShards: sum("queue-losses", "notedShards"),
    healedBlobs: sum("heal", "healedBlobs"),
    writtenShards,
    writtenBytes: sum("heal", "writtenBytes"),
    openDrives,
    waitingShards,
  };
}

/** Where counting goes on. */
export interface CountCursor {
  database: string;
  afterId: string;
}

/** What `goOnHealing` would find. */
export interface HealCount {
  lookedShards: number;
  absentShards: number;
  /** Drives that do not answer: nothing of theirs was counted. */
  unreachable: string[];
  next: CountCursor | null;
}

/** Looks for every shard of these drives, a part of them per call. Changes nothing. */
export async function countLacking(
  store: StoreContext,
  { names, from, budget }: { names: readonly string[]; from: CountCursor | null; budget: Budget },
): Promise<HealCount> {
  const stores = allStores(store);
  const count: HealCount = { lookedShards: 0, absentShards: 0, unreachable: [], next: null };
  let at = Math.max(
    0,
    stores.findIndex(({ metadata }) => metadata.identity.name === from?.database),
  );
  let afterId = from?.afterId ?? "";
  for (let one = stores[at]; one; ) {
    const page = await one.metadata.healing.places(afterId, BLOBS_PER_PAGE);
    for (const drive of one.drives.filter(({ name }) => names.includes(name) && !count.unreachable.includes(name))) {
      const keys = page.flatMap(({ shards }) =>
        shards.flatMap((place) => (place?.[0] === drive.name ? [place[1]] : [])),
      );
      const absent = await countAbsent(one, drive, keys);
      if (absent === null) count.unreachable.push(drive.name);
      else {
        count.lookedShards += keys.length;
        count.absentShards += absent;
      }
    }
    afterId = page.at(-1)?.id ?? afterId;
    if (page.length < BLOBS_PER_PAGE) {
      at += 1;
      afterId = "";
      one = stores[at];
    }
    if (one && budget.isSpent()) return { ...count, next: { database: one.metadata.identity.name, afterId } };
  }
  return count;
}

/** Null if the drive does not answer. */
async function countAbsent({ clock }: StoreContext, drive: Drive, keys: readonly string[]): Promise<number | null> {
  let absent = 0;
  try {
    for (let at = 0; at < keys.length; at += CALLS_AT_ONCE) {
      const some = keys.slice(at, at + CALLS_AT_ONCE);
      const heads = await Promise.all(some.map((key) => drive.head(key)));
      absent += some.filter((key, index) => heads[index] === null && !isSettling(drive, key, clock.now())).length;
    }
    return absent;
  } catch (error) {
    if (!(error instanceof DriveError)) throw error;
    return null;
  }
}

/**
 * Adopts a drive that belongs to another store, at the user's request: it gets a marker of this
 * store, and that of the other store is removed. Shards of the other store stay on it until the
 * walk deletes them. A drive of this store in the wrong place is refused.
 */
export async function adoptDrive(store: StoreContext, name: string): Promise<HealRefusal | { state: "adopted" }> {
  const first = allStores(store)[0] ?? store;
  const drive = first.drives.find((other) => other.name === name);
  if (!drive) return { state: "refused", reason: `there is no drive ${name}` };
  const { store: id, drives } = await first.metadata.drives.list(newId(first));
  const row = drives.find((other) => other.name === name) ?? null;
  const found = await examineDrive(drive, { store: id, expected: expectedMarker(row), clock: first.clock });
  if (found.kind !== "foreign") {
    const reason = sentenceOf(name, found) ?? `drive ${name} is this store's already`;
    return { state: "refused", reason };
  }
  await placeMarker(first, drive, { storeId: id, former: row, generation: (row?.generation ?? 0) + 1 });
  for (const { metadata } of [...allStores(first)].reverse()) {
    await metadata.drives.setState(name, "ours", null, first.clock.now());
  }
  return { state: "adopted" };
}
