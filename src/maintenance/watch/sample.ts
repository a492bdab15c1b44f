import type { Drive } from "../../drives/drive.ts";
import { CALLS_AT_ONCE } from "../../drives/limits.ts";
import type { FoundDamage } from "../../metadata/blobs/damage.ts";
import type { StoreContext } from "../../store/context.ts";
import { idTimeMs, newId } from "../../store/placement/ids.ts";
import { isSettling } from "../../store/placement/shard-key.ts";

/** Blobs read from the rows, from this many points of their range of ages. */
const PLACES = 4;
const BLOBS_PER_PLACE = 12;
/** Shards that are looked for on one drive. */
const SAMPLE_SHARDS = 12;

/** Result of looking for a sample of a drive's shards. */
export interface Sampled {
  looked: number;
  absent: FoundDamage[];
}

/**
 * Looks for some of the shards that a drive should hold, of all ages, by their sizes only. Shards
 * that are already recorded as damaged are left out. Throws `DriveError`.
 */
export async function sampleDrive(store: StoreContext, drive: Drive): Promise<Sampled> {
  const candidates = await someShards(store, drive);
  const absent: Candidate[] = [];
  for (let at = 0; at < candidates.length; at += CALLS_AT_ONCE) {
    const some = candidates.slice(at, at + CALLS_AT_ONCE);
    const heads = await Promise.all(some.map(({ key }) => drive.head(key)));
    absent.push(...some.filter((_, index) => heads[index] === null));
  }
  return { looked: candidates.length, absent: await stillNamed(store, absent) };
}

/** Those that rows still name: a shard may have been moved or deleted meanwhile. */
async function stillNamed({ metadata }: StoreContext, absent: readonly Candidate[]): Promise<FoundDamage[]> {
  if (absent.length === 0) return [];
  const rows = new Map((await metadata.blobs.find(absent.map(({ blobId }) => blobId))).map((row) => [row.id, row]));
  const named = absent.filter(({ blobId, shard, key }) => rows.get(blobId)?.shards[shard]?.[1] === key);
  return named.map(({ blobId, shard }) => ({ blobId, shard, cause: "absent" }));
}

interface Candidate {
  blobId: string;
  shard: number;
  key: string;
}

async function someShards(store: StoreContext, drive: Drive): Promise<Candidate[]> {
  const { losses } = store.metadata;
  const span = await losses.span();
  if (!span) return [];
  const firstMs = idTimeMs(span.firstId);
  const spanMs = idTimeMs(span.lastId) + 1 - firstMs;
  const candidates = new Map<string, Candidate>();
  for (let place = 0; place < PLACES; place++) {
    const atMs = firstMs + (spanMs * (place === 0 ? 0 : place + fraction(store) - 1)) / PLACES;
    const fromId = newId({ clock: { ...store.clock, now: () => atMs }, random: (count) => new Uint8Array(count) });
    for (const { id, shards, damaged } of await losses.sample(fromId, BLOBS_PER_PLACE)) {
      const shard = shards.findIndex((at, index) => at?.[0] === drive.name && !damaged.includes(index));
      const key = shards[shard]?.[1];
      if (key === undefined || isSettling(drive, key, store.clock.now())) continue;
      candidates.set(key, { blobId: id, shard, key });
    }
  }
  const all = [...candidates.values()];
  const step = Math.max(1, all.length / SAMPLE_SHARDS);
  return all.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step)).slice(0, SAMPLE_SHARDS);
}

function fraction({ random }: StoreContext): number {
  return (random(1)[0] as number) / 256;
}
