import { equalBytes } from "../../base/bytes.ts";
import { DriveError, type ShardReader } from "../../drives/drive.ts";
import { combineCrc } from "../../erasure/combine.ts";
import { SHARD_HEADER_BYTES, shardBytes, stripeCount, stripeDataBytes } from "../../erasure/layout.ts";
import { encodeShardHeader } from "../../erasure/shard-header.ts";
import type { StripeBuffer } from "../../erasure/stripe-buffer.ts";
import type { BlobRow, ShardPlace } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError } from "../../store/failure.ts";
import { idBytes } from "../../store/placement/ids.ts";
import { BlobReader, type Damage } from "../../store/read/read-blob.ts";
import type { ShardFault } from "../../store/read/shard-source.ts";
import { checkShard, driveOf, layoutOf } from "../check/check-shard.ts";
import { rebuildDirectly, type SpareMemory, WrongCrc } from "./rebuild-directly.ts";
import { ReplacementWriters, type ShardTarget } from "./replacement-writers.ts";

/** Results of rewriting shards. */
export interface Rewritten {
  /** Places of acknowledged shards. */
  places: Map<number, ShardPlace & {}>;
  /** Drives that refused theirs. */
  failedDrives: string[];
}

/** Copies a good shard unchanged, frame by verified frame; or says why it cannot be read. */
export async function copyShard(
  store: StoreContext,
  blob: BlobRow,
  target: ShardTarget,
): Promise<Rewritten | ShardFault> {
  const writers = new ReplacementWriters(store, blob, [target]);
  let isComplete = false;
  try {
    const take = (bytes: Uint8Array) => writers.write(() => bytes);
    const state = await checkShard(store, { blob, shard: target.shard, take });
    if (!state.ok) return state.fault;
    isComplete = true;
    return { places: await writers.close(), failedDrives: writers.failed };
  } finally {
    if (!isComplete) await writers.abort();
  }
}

type FrameTaker = Pick<ReplacementWriters, "isAlive" | "write">;

/** Parameters of `rebuildShards` besides the blob. */
interface Rebuild {
  targets: readonly ShardTarget[];
  /** Collects damage that is found. */
  found: Damage[];
  memory: SpareMemory;
}

/**
 * Rebuilds shards from any k good ones, stripe by stripe: two stripes are in memory, and the
 * encoded one. `blob` names only shards that may be read. Every frame is verified when it is read,
 * and at the end the CRC of the whole blob, before anything is acknowledged. If that CRC is wrong,
 * each shard is left out in turn, and the one at fault is reported. Throws `StoreError`
 * drives-unavailable if fewer than k can be read, and `WrongCrc`.
 */
export async function rebuildShards(store: StoreContext, blob: BlobRow, rebuild: Rebuild): Promise<Rewritten> {
  try {
    return await rebuildOnce(store, blob, rebuild);
  } catch (error) {
    if (!(error instanceof WrongCrc)) throw error;
    const readable = [...blob.shards.keys()].filter((shard) => blob.shards[shard] !== null);
    for (const shard of readable) {
      const rewritten = await orNull(rebuildOnce(store, without(blob, [shard]), rebuild));
      if (!rewritten) continue;
      rebuild.found.push({ shard, cause: "corrupt" });
      return rewritten;
    }
    throw error;
  }
}

/**
 * Whether a shard whose frames verify matches what the others rebuild: frames can be forged with
 * right checks. `doubted`: others that must not be read. Null if that cannot be decided now: too
 * few others can be read, or they are wrong themselves.
 */
export async function matchesOthers(
  store: StoreContext,
  blob: BlobRow,
  { shard, doubted }: { shard: number; doubted: readonly number[] },
): Promise<boolean | null> {
  const place = blob.shards[shard];
  const length = shardBytes(layoutOf(blob)) - SHARD_HEADER_BYTES;
  const others = new BlobReader(store, without(blob, [shard, ...doubted]), { offset: 0, length: blob.sizeBytes });
  let own: ShardReader | null = null;
  let matches = true;
  try {
    own = (place && (await driveOf(store, place)?.get(place[1], { offset: SHARD_HEADER_BYTES, length }))) ?? null;
    if (!own) return null;
    const frames = own;
    const write: FrameTaker["write"] = async (frameOf) => {
      const frame = frameOf(shard);
      if (!equalBytes(await frames.read(frame.length), frame)) matches = false;
    };
    const isRead = await orNull(encodeAll(store, blob, others, { isAlive: true, write }).then(() => true));
    return isRead && matches;
  } catch (error) {
    if (error instanceof DriveError) return null;
    throw error;
  } finally {
    await Promise.all([own?.cancel(), others.cancel()]);
  }
}

function without(blob: BlobRow, shards: readonly number[]): BlobRow {
  return { ...blob, shards: blob.shards.map((place, shard) => (shards.includes(shard) ? null : place)) };
}

/** Null if too few shards can be read, or they are wrong. */
async function orNull<T>(attempt: Promise<T>): Promise<T | null> {
  try {
    return await attempt;
  } catch (error) {
    const isShort = error instanceof StoreError && error.failure.kind === "drives-unavailable";
    if (isShort || error instanceof WrongCrc) return null;
    throw error;
  }
}

async function rebuildOnce(
  store: StoreContext,
  blob: BlobRow,
  { targets, found, memory }: Rebuild,
): Promise<Rewritten> {
  const openWriters = async () => {
    const opened = new ReplacementWriters(store, blob, targets);
    await writeHeaders(store, blob, opened);
    return opened;
  };
  const direct = await rebuildDirectly(store, blob, { openWriters, memory });
  if (direct) return { places: await direct.close(), failedDrives: direct.failed };
  const reader = new BlobReader(store, blob, { offset: 0, length: blob.sizeBytes });
  let writers: ReplacementWriters | null = null;
  try {
    // No drive is asked to store anything before there is something to write.
    await reader.ready();
    writers = await openWriters();
    await encodeAll(store, blob, reader, writers);
    const places = await writers.close();
    const { failed } = writers;
    writers = null;
    return { places, failedDrives: failed };
  } finally {
    await writers?.abort();
    await reader.cancel();
    found.push(...reader.damage);
  }
}

async function writeHeaders({ engine }: StoreContext, blob: BlobRow, writers: ReplacementWriters): Promise<void> {
  const layout = layoutOf(blob);
  const blobId = idBytes(blob.id);
  await writers.write((shard) => encodeShardHeader({ ...layout, blobId, shard }, (header) => engine.crc64nvme(header)));
}

async function encodeAll(
  { engine }: StoreContext,
  blob: BlobRow,
  reader: BlobReader,
  writers: FrameTaker,
): Promise<void> {
  const layout = layoutOf(blob);
  const blobId = idBytes(blob.id);
  const bytes = new ReadPieces(reader);
  let crc = 0n;
  for (let stripe = 0; stripe < stripeCount(layout) && writers.isAlive; stripe++) {
    const dataBytes = stripeDataBytes(layout, stripe);
    await bytes.arrived();
    const buffer = await engine.acquire();
    try {
      buffer.begin(layout, dataBytes);
      await bytes.fill(buffer);
      const { frames, crc64 } = buffer.seal(blobId, stripe);
      crc = combineCrc("crc64nvme", crc, crc64, dataBytes);
      await writers.write((shard) => frames[shard] as Uint8Array);
    } finally {
      buffer.release();
    }
  }
  if (writers.isAlive && crc !== BigInt(`0x${blob.crc64nvme}`)) {
    throw new WrongCrc(blob.id);
  }
}

/** A reader's pieces, cut to the needs of stripes. */
class ReadPieces {
  readonly #reader: BlobReader;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(reader: BlobReader) {
    this.#reader = reader;
  }

  /**
   * Resolves when there is something to fill in: no stripe's buffer is held while drives are slow.
   */
  async arrived(): Promise<void> {
    if (this.#rest.length > 0) return;
    const piece = await this.#reader.next();
    if (!piece) throw new Error("a blob's reader ended before the blob");
    this.#rest = piece;
  }

  async fill(buffer: StripeBuffer): Promise<void> {
    while (buffer.missingBytes > 0) {
      await this.arrived();
      this.#rest = this.#rest.subarray(buffer.append(this.#rest));
    }
  }
}
