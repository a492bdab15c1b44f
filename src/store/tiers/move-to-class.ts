import type { TieredVersion } from "../../metadata/blobs/tiers.ts";
import { GuardError } from "../../metadata/database.ts";
import type { NewsDetail } from "../../metadata/events/outbox.ts";
import type { BlobRow, ContentRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { type EventName, newsOf } from "../news.ts";
import { idTimeMs, newId } from "../placement/ids.ts";
import { haveSameDrives } from "../placement/placement.ts";
import { EXTENTS_MAX, geometryOfClass, ROW_BYTES_MAX, WRITE_SECONDS_MAX } from "../settings.ts";
import { withMetadata } from "../translate-metadata.ts";
import { blobShape } from "../write/write.ts";
import type { ClassMove, MoveLimits, VersionToMove } from "./class-move.ts";
import type { Target } from "./copy-bytes.ts";
import { growthOf, PackMemory, rewriteExtents } from "./rewrite-extents.ts";

const BLOBS_PER_FIND = 100;

/** New place of a version, and the columns of its row. */
interface Destination {
  storageClass: string;
  /** Within INTELLIGENT_TIERING. */
  tier: string | null;
  /** The class whose geometry and drives its bytes get. */
  laidAs: string;
  event: EventName;
  /** Event of the move; null: none. S3 sends none for versions that return to the frequent tier. */
  told: NewsDetail | null;
}

/**
 * Moves a version to another storage class. Bytes in other places are rewritten in the class's
 * geometry on the class's drives, and the row is updated. Bytes in the row stay there. Encrypted
 * bytes move as ciphertext, so neither a client's key nor a KMS is needed. A locked version may
 * move; LastModified, ETag and version id stay. Annotations stay where they are.
 *
 * Blobs are moved one by one, and a large one as far as time permits. New blobs are written and
 * read back, and one guarded commit makes the version refer to them. The old ones go to the trash
 * with its grace time. The last commit changes the class. So the version is always readable. A
 * crash leaves shards that no row names, which the walk deletes, or a version in two classes, which
 * the next call continues. One blob of 20 MiB with its parity is in memory. Expected failures are
 * results, not exceptions: see `ClassMove`.
 */
export function moveToClass(
  store: StoreContext,
  version: VersionToMove,
  storageClass: string,
  limits: MoveLimits = {},
): Promise<ClassMove> {
  return move(
    store,
    version,
    { storageClass, tier: null, laidAs: storageClass, event: "LifecycleTransition", told: { storageClass } },
    limits,
  );
}

/**
 * Moves a version of class INTELLIGENT_TIERING to an access tier, with the layout of `laidAs`;
 * null: the frequent tier. Otherwise like `moveToClass`.
 */
export function moveToTier(
  store: StoreContext,
  version: VersionToMove,
  { tier, laidAs }: { tier: string | null; laidAs: string },
  limits: MoveLimits = {},
): Promise<ClassMove> {
  return move(
    store,
    version,
    {
      ...{ storageClass: version.storageClass, tier, laidAs, event: "IntelligentTiering" },
      told: tier === null ? null : { accessTier: tier },
    },
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
    for (let step = 0; ; step++) {
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
      if (step === 0) await requireRoom(store, { version, to, target });
      const rewritten = await rewriteExtents(store, blob.row, { version, target, packs, isSpent });
      const { content, blobs, isCut } = rewritten;
      const isLast = blob.isLast && !isCut;
      await commit(store, from, { version, to, content, blobs, isLast });
      bytes += rewritten.bytes;
      if (isCut) return { kind: "in-part", bytes };
      if (isLast) return { kind: "moved", bytes };
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.cause instanceof GuardError) return { kind: "changed" };
    return { kind: "failed", failure: error.failure };
  }
}

/** Fails before anything is copied if all extents would be too many, or too long, for the row. */
async function requireRoom(
  store: StoreContext,
  { version, to, target }: { version: TieredVersion; to: Destination; target: Target },
): Promise<void> {
  const extents = version.content.extents ?? [];
  const byBlob = Map.groupBy(extents, ([, , blobId]) => blobId);
  let count = extents.length;
  let rowBytes = version.otherBytes + JSON.stringify(extents).length;
  for await (const row of elsewhere(store, version, to)) {
    const growth = growthOf(row, byBlob.get(row.id) ?? [], { version, target });
    count += growth.extents;
    rowBytes += growth.bytes;
  }
  requireFits(count, rowBytes);
}

function requireFits(extentCount: number, rowBytes: number): void {
  if (extentCount > EXTENTS_MAX || rowBytes > ROW_BYTES_MAX) {
    throw new StoreError({ kind: "too-many-extents", extentsMax: EXTENTS_MAX });
  }
}

/**
 * The first blob of the version that is not in the places of `to`, and whether it is the last one.
 */
async function firstElsewhere(
  store: StoreContext,
  version: TieredVersion,
  to: Destination,
): Promise<{ row: BlobRow; isLast: boolean } | null> {
  let found: BlobRow | null = null;
  for await (const row of elsewhere(store, version, to)) {
    if (found) return { row: found, isLast: false };
    found = row;
  }
  return found && { row: found, isLast: true };
}

/** The blobs of the version that are not in the places of `to`. */
async function* elsewhere(store: StoreContext, version: TieredVersion, to: Destination): AsyncGenerator<BlobRow> {
  const ids = [...new Set((version.content.extents ?? []).map(([, , blobId]) => blobId))];
  for (let at = 0; at < ids.length; at += BLOBS_PER_FIND) {
    const some = ids.slice(at, at + BLOBS_PER_FIND);
    const rows = await withMetadata({ bucket: "" }, () => store.metadata.blobs.find(some));
    for (const id of some) {
      const row = rows.find((one) => one.id === id);
      // Collected: the version was replaced, longer ago than the grace time.
      if (!row) throw new StoreError({ kind: "drives-unavailable", needed: 1, available: 0 });
      if (!isAtHome(store, row, { version, to })) yield row;
    }
  }
}

function isAtHome(
  store: StoreContext,
  { k, m, storageClass = "STANDARD" }: BlobRow,
  { version, to }: { version: TieredVersion; to: Destination },
): boolean {
  // Packs have the geometry of large bodies, whatever their contents.
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
  requireFits(content.extents?.length ?? 0, version.otherBytes + (JSON.stringify(content.extents)?.length ?? 0));
  // Only their age distinguishes shards that are being written from orphans.
  if (blobs.some(({ id }) => nowMs - idTimeMs(id) > WRITE_SECONDS_MAX * 1000)) {
    throw new StoreError({ kind: "too-slow", secondsMax: WRITE_SECONDS_MAX });
  }
  await withMetadata({ bucket: version.bucketName }, () =>
    store.metadata.tiers.move({
      ...{ table, place, version, content, blobs, nowMs },
      storageClass: isLast ? to.storageClass : version.storageClass,
      tier: isLast ? to.tier : version.tier,
      trashId: newId(store),
      news: isLast && to.told ? newsOf(store, to.event, to.told) : null,
    }),
  );
}
