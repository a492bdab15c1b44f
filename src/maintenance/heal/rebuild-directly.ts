import { type Drive, DriveError, type ShardReader } from "../../drives/drive.ts";
import { combineCrc } from "../../erasure/combine.ts";
import {
  frameBytes,
  SHARD_HEADER_BYTES,
  shardBytes,
  stripeBlockBytes,
  stripeCount,
  stripeDataBytes,
} from "../../erasure/layout.ts";
import type { BlobRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { idBytes } from "../../store/placement/ids.ts";
import { isSettling } from "../../store/placement/shard-key.ts";
import { driveOf, layoutOf } from "../check/check-shard.ts";
import type { ReplacementWriters } from "./replacement-writers.ts";

/** Memory that is reused from blob to blob: new memory would have to be cleared and released. */
export type SpareMemory = ArrayBufferLike[];

/**
 * Every frame of a blob verifies, but its bytes are wrong: a frame was forged with a right check.
 */
export class WrongCrc extends Error {
  constructor(blobId: string) {
    super(`blob ${blobId}: its shards verify, but their bytes have another CRC than the row says`);
  }
}

interface Source {
  shard: number;
  drive: Drive;
  key: string;
}

/**
 * Rebuilds shards from k others while nothing fails: each of the k is read once, completely, and
 * only needed shards are computed. Returns the writers, still to be closed. Returns null if a frame
 * was absent, wrong or unavailable: nothing was written then, and the caller uses the
 * fault-tolerant reader. `blob` names only shards that may be read. Frames and the CRC of the whole
 * blob are verified. Throws `WrongCrc`.
 */
export async function rebuildDirectly(
  store: StoreContext,
  blob: BlobRow,
  { openWriters, memory }: { openWriters: () => Promise<ReplacementWriters>; memory: SpareMemory },
): Promise<ReplacementWriters | null> {
  const sources = sourcesOf(store, blob);
  if (sources === null) return null;
  const readers = await openAll(store, blob, sources);
  if (readers === null) return null;
  let writers: ReplacementWriters | null = null;
  let isDone = false;
  try {
    writers = await openWriters();
    isDone = await rebuildStripes({ store, blob, sources, readers, writers, memory });
    return isDone ? writers : null;
  } finally {
    await Promise.all(readers.map((reader) => reader.cancel()));
    if (!isDone) await writers?.abort();
  }
}

/** k shards that should answer at once, data first; null if there are fewer. */
function sourcesOf(store: StoreContext, blob: BlobRow): Source[] | null {
  const nowMs = store.clock.now();
  const sources = blob.shards.flatMap((place, shard): Source[] => {
    const drive = driveOf(store, place);
    if (!place || !drive || store.latency.isSuspect(drive.name, nowMs)) return [];
    if (store.watch.lacks(drive.name, place[1]) || isSettling(drive, place[1], nowMs)) return [];
    return [{ shard, drive, key: place[1] }];
  });
  return sources.length < blob.k || stripeCount(layoutOf(blob)) === 0 ? null : sources.slice(0, blob.k);
}

async function openAll(store: StoreContext, blob: BlobRow, sources: readonly Source[]): Promise<ShardReader[] | null> {
  const range = { offset: SHARD_HEADER_BYTES, length: shardBytes(layoutOf(blob)) - SHARD_HEADER_BYTES };
  const opened = await Promise.all(
    sources.map(({ drive, key }) => orSuspect(store, drive, () => drive.get(key, range))),
  );
  const readers = opened.filter((reader) => reader !== null);
  if (readers.length === sources.length) return readers;
  await Promise.all(readers.map((reader) => reader.cancel()));
  return null;
}

/** A failing drive is avoided for a while if there is a choice, as after a read. */
async function orSuspect<T>(store: StoreContext, { name }: Drive, call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof DriveError)) throw error;
    if (error.fault !== "short") store.latency.suspect(name, store.clock.now());
    return null;
  }
}

interface Rebuilding {
  store: StoreContext;
  blob: BlobRow;
  sources: readonly Source[];
  readers: readonly ShardReader[];
  writers: ReplacementWriters;
  memory: SpareMemory;
}

/** True once all stripes are written. */
async function rebuildStripes(work: Rebuilding): Promise<boolean> {
  const { store, blob, sources, writers, memory } = work;
  const layout = layoutOf(blob);
  const blobId = idBytes(blob.id);
  const count = stripeCount(layout);
  let crc = 0n;
  let reading = readStripe(work, 0);
  try {
    for (let stripe = 0; stripe < count; stripe++) {
      const frames = await reading;
      if (frames === null) return false;
      // While this stripe is written the next one is on its way.
      reading = stripe + 1 < count ? readStripe(work, stripe + 1) : Promise.resolve(null);
      const buffer = await store.engine.acquire();
      try {
        const rebuild = buffer.rebuild(layout, { blobId, stripe, blockBytes: stripeBlockBytes(layout, stripe) });
        if (!sources.every(({ shard }, index) => rebuild.put(shard, frames[index] as Uint8Array))) return false;
        memory.push(...frames.map((frame) => frame.buffer));
        const rebuilt = rebuild.rebuild(writers.shards);
        const dataBytes = stripeDataBytes(layout, stripe);
        crc = combineCrc("crc64nvme", crc, rebuild.dataCrc(dataBytes), dataBytes);
        await writers.write((shard) => rebuilt.get(shard) as Uint8Array);
      } finally {
        buffer.release();
      }
      if (!writers.isAlive) return true;
    }
  } finally {
    await reading.catch(() => {});
  }
  if (crc !== BigInt(`0x${blob.crc64nvme}`)) {
    throw new WrongCrc(blob.id);
  }
  return true;
}

async function readStripe(
  { store, blob, sources, readers, memory }: Rebuilding,
  stripe: number,
): Promise<Uint8Array[] | null> {
  const length = frameBytes(layoutOf(blob), stripe);
  const frames = await Promise.all(
    readers.map((reader, index) =>
      orSuspect(store, (sources[index] as Source).drive, () => reader.read(length, memory.pop())),
    ),
  );
  return frames.every((frame) => frame !== null) ? frames : null;
}
