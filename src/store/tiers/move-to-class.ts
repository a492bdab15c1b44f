import type { TieredVersion } from "../../metadata/blobs/tiers.ts";
import { GuardError } from "../../metadata/database.ts";
import type { BlobRow, ContentRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { type EventName, newsOf } from "../news.ts";
import { idTimeMs, newId } from "../placement/ids.ts";
import { haveSameDrives } from "../placement/placement.ts";
import { EXTENTS_MAX, geometryOfClass, WRITE_SECONDS_MAX } from "../settings.ts";
import { withMetadata } from "../translate-metadata.ts";
import { blobShape } from "../write/write.ts";
import type { ClassMove, MoveLimits, VersionToMove } from "./class-move.ts";
import { PackMemory, rewriteExtents } from "./rewrite-extents.ts";

const BLOBS_PER_FIND = 100;

/** Where a version is to lie, and what its row says then. */
interface Destination {
  storageClass: string;
  /** Within INTELLIGENT_TIERING. */
  tier: string | null;
  /** The class whose geometry and drives its bytes get. */
  laidAs: string;
  event: EventName;
}

/**
 * Moves a version to another storage class: its bytes are rewritten in the class's geometry on the class's drives, as far as they lie
 * elsewhere, and the row says so. Bytes in the row stay there. Encrypted bytes move as ciphertext, so neither a client's key nor a KMS is
 * asked. A version under lock may move; LastModified, ETag and version id stay. Annotations stay where they are.
 *
 * Blob by blob: new blobs are written, read back, and one guarded commit makes the version refer to them; the old ones go to the trash
 * with its grace time. The class changes with the last commit. So the version is readable at any moment, and a crash anywhere leaves
 * shards that no row names, which the walk takes away, or a version that lies in two classes, which the next call goes on with. In
 * memory is one blob of 20 MiB with its parity. Never throws for what may happen: see `ClassMove`.
 */
export function moveToClass(
  store: StoreContext,
  version: VersionToMove,
  storageClass: string,
  limits: MoveLimits = {},
): Promise<ClassMove> {
  return move(store, version, { storageClass, tier: null, laidAs: storageClass, event: "LifecycleTransition" }, limits);
}

/** Moves a version of class INTELLIGENT_TIERING to an access tier, laid out as `laidAs`; null: the frequent one. As `moveToClass`. */
export function moveToTier(
  store: StoreContext,
  version: VersionToMove,
  { tier, laidAs }: { tier: string | null; laidAs: string },
  limits: MoveLimits = {},
): Promise<ClassMove> {
  return move(
    store,
    version,
    { storageClass: version.storageClass, tier, laidAs, event: "IntelligentTiering" },
    limits,
  );
}

async function move(
  store: StoreContext,
  from: VersionToMove,
  to: Destination,
  { isSpent = () => false, packs = new PackMemory() }: MoveLimits,
): Promise<ClassMove> {
  let bytes = 0;
  try {
    for (;;) {
      const version = await withMetadata({ bucket: "" }, () => store.metadata.tiers.find(from.table, from.place));
      if (!version || version.id !== from.id || version.storageClass !== from.storageClass) return { kind: "changed" };
      if (version.storageClass === to.storageClass && version.tier === to.tier) return { kind: "unchanged" };
      const blob = await firstElsewhere(store, version, to);
      if (!blob) {
        await commit(store, from, { version, to, content: version.content, blobs: [], isLast: true });
        return { kind: "moved", bytes };
      }
      if (bytes > 0 && isSpent()) return { kind: "in-part", bytes };
      const target = blobShape(store, version.sizeBytes, to.laidAs);
      const rewritten = await rewriteExtents(store, blob.row, { version, target, packs });
      const { content, blobs } = rewritten;
      await commit(store, from, { version, to, content, blobs, isLast: blob.isLast });
      bytes += rewritten.bytes;
      if (blob.isLast) return { kind: "moved", bytes };
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.cause instanceof GuardError) return { kind: "changed" };
    return { kind: "failed", failure: error.failure };
  }
}

/** The first blob of the version that lies elsewhere than `to` says, and whether it is the last one. */
async function firstElsewhere(
  store: StoreContext,
  version: TieredVersion,
  to: Destination,
): Promise<{ row: BlobRow; isLast: boolean } | null> {
  const ids = [...new Set((version.content.extents ?? []).map(([, , blobId]) => blobId))];
  let found: BlobRow | null = null;
  for (let at = 0; at < ids.length; at += BLOBS_PER_FIND) {
    const some = ids.slice(at, at + BLOBS_PER_FIND);
    const rows = await withMetadata({ bucket: "" }, () => store.metadata.blobs.find(some));
    for (const id of some) {
      const row = rows.find((one) => one.id === id);
      // Collected: the version was replaced, longer ago than the grace time.
      if (!row) throw new StoreError({ kind: "drives-unavailable", needed: 1, available: 0 });
      if (isAtHome(store, row, { version, to })) continue;
      if (found) return { row: found, isLast: false };
      found = row;
    }
  }
  return found && { row: found, isLast: true };
}

function isAtHome(
  store: StoreContext,
  { k, m, storageClass = "STANDARD" }: BlobRow,
  { version, to }: { version: TieredVersion; to: Destination },
): boolean {
  // Packs have the geometry of large bodies, whatever is in them.
  const geometries = [
    blobShape(store, version.sizeBytes, to.laidAs).geometry,
    geometryOfClass(store.settings, to.laidAs),
  ];
  return (
    geometries.some((geometry) => geometry.k === k && geometry.m === m) &&
    haveSameDrives(store, storageClass, to.laidAs)
  );
}

interface Step {
  version: TieredVersion;
  to: Destination;
  content: ContentRow;
  blobs: readonly BlobRow[];
  isLast: boolean;
}

async function commit(store: StoreContext, { table, place }: VersionToMove, step: Step): Promise<void> {
  const { version, to, content, blobs, isLast } = step;
  const nowMs = store.clock.now();
  if ((content.extents?.length ?? 0) > EXTENTS_MAX) {
    throw new StoreError({ kind: "too-many-extents", extentsMax: EXTENTS_MAX });
  }
  // Nothing but their age tells shards that are being written from orphans.
  if (blobs.some(({ id }) => nowMs - idTimeMs(id) > WRITE_SECONDS_MAX * 1000)) {
    throw new StoreError({ kind: "too-slow", secondsMax: WRITE_SECONDS_MAX });
  }
  await withMetadata({ bucket: version.bucketName }, () =>
    store.metadata.tiers.move({
      ...{ table, place, version, content, blobs, nowMs },
      storageClass: isLast ? to.storageClass : version.storageClass,
      tier: isLast ? to.tier : version.tier,
      trashId: newId(store),
      news: isLast ? newsOf(store, to.event) : null,
    }),
  );
}
