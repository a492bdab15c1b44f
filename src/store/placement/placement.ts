import type { Drive } from "../../drives/drive.ts";
import { type ClassShape, type StoreSettings, shapeOfClass } from "../settings.ts";
import { idBytes } from "./ids.ts";

/** Facts about a blob that placement needs. */
export interface PlacedBlob {
  id: string;
  /** Bytes of each of its shard files. */
  shardBytes: number;
  class: "small" | "large";
}

/**
 * Drives for the `count` shards of a blob, in shard order. They are distinct, accept blobs of this
 * class and size, and are spread over as many failure domains as possible. The blob's random bits
 * rotate them, so that all drives fill evenly. Null if there are too few.
 */
export function placeShards(drives: readonly Drive[], blob: PlacedBlob & { count: number }): Drive[] | null {
  const suitable = rotated(
    drives.filter((drive) => takes(drive, blob)),
    blob.id,
  );
  return suitable.length < blob.count ? null : spread(suitable).slice(0, blob.count);
}

/**
 * The drive for a rewritten shard: none of `held`, which have the blob's other shards, nor one that
 * `isOut`. It is `former` if possible, otherwise a drive in a failure domain with the fewest other
 * shards. Null if there is none: two shards of a blob never share a drive.
 */
export function placeReplacement(
  drives: readonly Drive[],
  blob: PlacedBlob,
  { held, former, isOut }: { held: ReadonlySet<string>; former?: string; isOut: (drive: Drive) => boolean },
): Drive | null {
  const suitable = drives.filter((drive) => takes(drive, blob) && !held.has(drive.name) && !isOut(drive));
  const again = suitable.find(({ name }) => name === former);
  if (again) return again;
  const inDomain = (domain: string) => drives.filter((drive) => drive.domain === domain && held.has(drive.name)).length;
  const [first] = rotated(suitable, blob.id).sort((a, b) => inDomain(a.domain) - inDomain(b.domain));
  return first ?? null;
}

function takes(drive: Drive, blob: PlacedBlob): boolean {
  const ofClass = drive.class === "both" || drive.class === blob.class;
  return ofClass && drive.shardBytesMax >= blob.shardBytes && !drive.draining;
}

function rotated(drives: readonly Drive[], blobId: string): Drive[] {
  const start = new DataView(idBytes(blobId).buffer).getUint32(12) % Math.max(1, drives.length);
  return [...drives.slice(start), ...drives.slice(0, start)];
}

/** The drives for blobs of a storage class. */
export function drivesOfClass<D extends Pick<Drive, "name">>(
  { drives, settings }: { drives: readonly D[]; settings: Pick<StoreSettings, "storageClasses"> },
  storageClass: string,
): readonly D[] {
  const { drives: names } = shapeOfClass(settings, storageClass);
  return names ? drives.filter(({ name }) => names.some((pattern) => matches(pattern, name))) : drives;
}

/** Whether blobs of both classes are on the same drives. */
export function haveSameDrives(
  store: { drives: readonly Pick<Drive, "name">[]; settings: Pick<StoreSettings, "storageClasses"> },
  one: string,
  other: string,
): boolean {
  const [a = [], b = []] = [one, other].map((name) => drivesOfClass(store, name));
  return a.length === b.length && a.every((drive) => b.includes(drive));
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** Throws an `Error` that says what to fix if the drives do not suffice for the settings. */
export function requireEnoughDrives(
  drives: readonly Pick<Drive, "name" | "class" | "draining">[],
  settings: StoreSettings,
): void {
  const shapes = Object.entries(settings.storageClasses).flatMap(([name, shape]) => {
    requireKnownDrives(drives, name, shape);
    const small = { name: `${name}, small objects,`, ofClass: name, geometry: settings.smallGeometry, of: "small" };
    return [{ name, ofClass: name, geometry: shape, of: "large" }, ...(shape.drives ? [small] : [])];
  });
  for (const { name, ofClass, geometry, of } of [
    ...shapes,
    { name: "small objects", ofClass: "STANDARD", geometry: settings.smallGeometry, of: "small" },
  ]) {
    const own = drivesOfClass({ drives, settings }, ofClass);
    const suitable = own.filter((drive) => drive.class === "both" || drive.class === of);
    const lasting = suitable.filter(({ draining }) => !draining).length;
    const needed = geometry.k + geometry.m;
    if (lasting < needed) {
      const andStay = lasting < suitable.length ? " and are not draining" : "";
      throw new Error(
        `${name} has geometry ${geometry.k}+${geometry.m} and needs ${needed} drives, but only ${lasting} of those in ` +
          `${own.length < drives.length ? `SHERD_STORAGE_CLASSES for ${ofClass}` : "SHERD_DRIVES"} take ${of} blobs` +
          `${andStay}: add drives, or choose another geometry`,
      );
    }
  }
}

function requireKnownDrives(
  drives: readonly Pick<Drive, "name">[],
  storageClass: string,
  { drives: patterns = [] }: ClassShape,
): void {
  const unknown = patterns.find((pattern) => !drives.some(({ name }) => matches(pattern, name)));
  if (unknown === undefined) return;
  const isPattern = unknown.endsWith("*");
  throw new Error(
    `SHERD_STORAGE_CLASSES, ${storageClass}: SHERD_DRIVES has no drive ` +
      `${isPattern ? `that begins with ${JSON.stringify(unknown.slice(0, -1))}` : `named ${JSON.stringify(unknown)}`}`,
  );
}

/** Reorders drives: the first of each domain first, then the second of each, and so on. */
function spread(drives: readonly Drive[]): Drive[] {
  const seen = new Map<string, number>();
  const rounds: Drive[][] = [];
  for (const drive of drives) {
    const round = seen.get(drive.domain) ?? 0;
    seen.set(drive.domain, round + 1);
    rounds[round] ??= [];
    rounds[round].push(drive);
  }
  return rounds.flat();
}
