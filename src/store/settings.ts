import { CONNECTIONS_MAX } from "../drives/limits.ts";
import { type Geometry, isGeometry } from "../erasure/geometry.ts";

/**
 * Numbers and choices that a deployment may change. Existing objects keep their values from when
 * they were written.
 */
export interface StoreSettings {
  /** Region that buckets are created in and that signatures may name. */
  readonly region: string;
  /** Bodies up to this many bytes are kept in D1, in the commit itself. */
  readonly inlineBytesMax: number;
  /** Larger bodies, up to this many bytes, are stored as full copies (`smallGeometry`). */
  readonly smallBytesMax: number;
  readonly smallGeometry: Geometry;
  /**
   * Geometry of larger bodies, and drives of all bodies, by storage class. STANDARD is always
   * there; a missing class has the same values.
   */
  readonly storageClasses: Readonly<Record<string, ClassShape>>;
  /** Parts but the last are at least this large. */
  readonly partBytesMin: number;
  /** How long replaced or deleted bytes are kept for reads that began before. */
  readonly graceSeconds: number;
  /** Inline bodies are packed when they are older than this. */
  readonly packAgeSeconds: number;
  /** Unfinished multipart uploads are aborted after this time. */
  readonly uploadAgeSecondsMax: number;
  /** How long a day of lifecycle rules is. */
  readonly lifecycleDaySeconds: number;
  /**
   * Interval of the jobs: the identity of a drive that was not seen for twice as long is unknown.
   */
  readonly cronSeconds: number;
  /** Approximate duration of one run of all jobs. */
  readonly runSeconds: number;
  /** Approximate limit of calls to drives in one run of all jobs. */
  readonly driveCallsPerRun: number;
  /** Concurrent calls of background work to drives. */
  readonly driveConnections: number;
  /** Approximate limit of what healing writes in a second; 0: as fast as possible. */
  readonly healBytesPerSecond: number;
  /** Every frame of every shard is read and verified once in about this time. */
  readonly scrubCycleSeconds: number;
  /** Approximate limit of what one run of the scrub reads; 0: nothing is scrubbed. */
  readonly scrubBytesPerRun: number;
  /** How often each drive is walked for shards that no row names. */
  readonly walkCycleSeconds: number;
  /**
   * Shards that no row names are deleted when they are older than this. Every write must be
   * shorter: see `WRITE_SECONDS_MAX`.
   */
  readonly orphanGraceSeconds: number;
  /** How often the metadata are written to the drives; 0: never. */
  readonly snapshotSeconds: number;
  /** How many of these snapshots are kept, the newest ones. */
  readonly snapshotsKept: number;
  /**
   * Free bytes to keep on each local disk: with less, nothing new is written to it. Used only with
   * a `Host`.
   */
  readonly diskReserveBytes: number;
  /** Object ownership of new buckets, unless the request names one. */
  readonly objectOwnership: "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";
  /** Whether new buckets block all public access. */
  readonly blockPublicAccess: boolean;
  /**
   * Whether buckets without a setting of their own refuse new objects with clients' keys (SSE-C).
   */
  readonly blockCustomerKeys: boolean;
  /** Whether clients' keys may come over plain HTTP from other machines. */
  readonly customerKeysOverHttp: boolean;
}

/** How the bytes of a storage class are stored. */
export interface ClassShape extends Geometry {
  /**
   * Names of the drives for its blobs; a name that ends in * matches all names with that beginning.
   * Absent: all drives.
   */
  readonly drives?: readonly string[];
}

/** One D1 row holds the extents of an object: ten thousand take less than half of its 2 MB. */
export const EXTENTS_MAX = 10_000;
/** Limit of all columns together; the rest of the 2 MB is for short columns. */
export const ROW_BYTES_MAX = 1_990_000;
/** Most bytes of the last appends that are kept in the row beside the extents. */
export const TAIL_BYTES_MAX = 64 * 1024;
export const PARTS_MAX = 10_000;
/**
 * A write that takes longer from its first shard to its commit is refused: its shards may soon be
 * taken for orphans. Half of their shortest grace time.
 */
export const WRITE_SECONDS_MAX = 12 * 3600;
const ORPHAN_GRACE_SECONDS_MIN = 2 * WRITE_SECONDS_MAX;

export const DEFAULT_SETTINGS: StoreSettings = {
  region: "us-east-1",
  inlineBytesMax: 32 * 1024,
  smallBytesMax: 256 * 1024,
  smallGeometry: { k: 1, m: 2 },
  storageClasses: { STANDARD: { k: 4, m: 2 } },
  partBytesMin: 5 * 1024 * 1024,
  graceSeconds: 24 * 3600,
  packAgeSeconds: 3600,
  uploadAgeSecondsMax: 7 * 24 * 3600,
  lifecycleDaySeconds: 24 * 3600,
  cronSeconds: 300,
  // A cron trigger that comes more often than hourly has 30 seconds.
  runSeconds: 20,
  driveCallsPerRun: 4_000,
  driveConnections: CONNECTIONS_MAX,
  healBytesPerSecond: 0,
  scrubCycleSeconds: 30 * 24 * 3600,
  scrubBytesPerRun: 256 * 1024 * 1024,
  walkCycleSeconds: 24 * 3600,
  orphanGraceSeconds: ORPHAN_GRACE_SECONDS_MIN,
  snapshotSeconds: 24 * 3600,
  snapshotsKept: 3,
  diskReserveBytes: 256 * 1024 * 1024,
  objectOwnership: "BucketOwnerEnforced",
  blockPublicAccess: true,
  blockCustomerKeys: true,
  customerKeysOverHttp: false,
};

/**
 * Settings from the Worker's variables (docs/configuration.md); absent ones have the defaults.
 * Throws an `Error` that says what to fix.
 */
export function parseSettings(vars: Readonly<Record<string, unknown>>): StoreSettings {
  const day = 24 * 3600;
  const count = (name: string, setting: CountSetting, most: number, least = 0) =>
    parseCount(vars, name, { otherwise: DEFAULT_SETTINGS[setting], least, most });
  const flag = (name: string, setting: "blockPublicAccess" | "blockCustomerKeys" | "customerKeysOverHttp") =>
    parseFlag(name, text(vars, name)) ?? DEFAULT_SETTINGS[setting];
  return {
    ...DEFAULT_SETTINGS,
    region: text(vars, "SHERD_REGION") ?? DEFAULT_SETTINGS.region,
    inlineBytesMax: count("SHERD_INLINE_MAX_BYTES", "inlineBytesMax", INLINE_BYTES_LIMIT),
    smallBytesMax: count("SHERD_SMALL_MAX_BYTES", "smallBytesMax", SMALL_BYTES_LIMIT),
    smallGeometry:
      parseGeometry(text(vars, "SHERD_SMALL_GEOMETRY"), "SHERD_SMALL_GEOMETRY") ?? DEFAULT_SETTINGS.smallGeometry,
    storageClasses: parseStorageClasses(text(vars, "SHERD_STORAGE_CLASSES")) ?? DEFAULT_SETTINGS.storageClasses,
    graceSeconds: count("SHERD_GRACE_SECONDS", "graceSeconds", 365 * day),
    packAgeSeconds: count("SHERD_PACK_AGE_SECONDS", "packAgeSeconds", 365 * day),
    uploadAgeSecondsMax: count("SHERD_UPLOAD_EXPIRY_SECONDS", "uploadAgeSecondsMax", 3650 * day),
    lifecycleDaySeconds: count("SHERD_LIFECYCLE_DAY_SECONDS", "lifecycleDaySeconds", day, 1),
    cronSeconds: count("SHERD_CRON_SECONDS", "cronSeconds", day, 10),
    runSeconds: count("SHERD_RUN_SECONDS", "runSeconds", 900, 5),
    driveCallsPerRun: count("SHERD_DRIVE_CALLS_PER_RUN", "driveCallsPerRun", 1_000_000, 100),
    driveConnections: count("SHERD_DRIVE_CONNECTIONS", "driveConnections", 256, CONNECTIONS_MAX),
    healBytesPerSecond: count("SHERD_HEAL_BYTES_PER_SECOND", "healBytesPerSecond", 100 * 1024 ** 3),
    scrubCycleSeconds: count("SHERD_SCRUB_CYCLE_SECONDS", "scrubCycleSeconds", 3650 * day, 1),
    scrubBytesPerRun: count("SHERD_SCRUB_BYTES_PER_RUN", "scrubBytesPerRun", SCRUB_BYTES_LIMIT),
    walkCycleSeconds: count("SHERD_WALK_CYCLE_SECONDS", "walkCycleSeconds", 365 * day),
    orphanGraceSeconds: count("SHERD_ORPHAN_GRACE_SECONDS", "orphanGraceSeconds", 3650 * day, ORPHAN_GRACE_SECONDS_MIN),
    snapshotSeconds: count("SHERD_SNAPSHOT_SECONDS", "snapshotSeconds", 365 * day),
    snapshotsKept: count("SHERD_SNAPSHOTS_KEPT", "snapshotsKept", 100, 1),
    diskReserveBytes: count("SHERD_DISK_RESERVE_BYTES", "diskReserveBytes", 2 ** 39),
    objectOwnership: parseOwnership(text(vars, "SHERD_OBJECT_OWNERSHIP")) ?? DEFAULT_SETTINGS.objectOwnership,
    blockPublicAccess: flag("SHERD_BLOCK_PUBLIC_ACCESS", "blockPublicAccess"),
    blockCustomerKeys: flag("SHERD_BLOCK_SSE_C", "blockCustomerKeys"),
    customerKeysOverHttp: flag("SHERD_SSE_C_OVER_HTTP", "customerKeysOverHttp"),
  };
}

type CountSetting = {
  [Name in keyof StoreSettings]: StoreSettings[Name] extends number ? Name : never;
}[keyof StoreSettings];

/** As base64 with the rest of the row, well below D1's 2 MB. */
const INLINE_BYTES_LIMIT = 512 * 1024;
/** A small blob is read whole, from one drive, into memory. */
const SMALL_BYTES_LIMIT = 16 * 1024 * 1024;
/** More than one run can read in its time. */
const SCRUB_BYTES_LIMIT = 100 * 1024 ** 3;
/** S3's classes for objects of general purpose buckets. */
const STORAGE_CLASS_NAMES: ReadonlySet<string> = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  "GLACIER",
  "DEEP_ARCHIVE",
]);

/** True for storage classes that a request may name. */
export function isStorageClass(name: string): boolean {
  return STORAGE_CLASS_NAMES.has(name);
}

/**
 * True if the configuration names the class: its bytes may have other drives, or another geometry,
 * than those of STANDARD.
 */
export function isConfiguredClass({ storageClasses }: Pick<StoreSettings, "storageClasses">, name: string): boolean {
  return Object.hasOwn(storageClasses, name);
}

/** The layout of bodies of a storage class: the configured one, or that of STANDARD. */
export function shapeOfClass({ storageClasses }: Pick<StoreSettings, "storageClasses">, name: string): ClassShape {
  const shape = Object.hasOwn(storageClasses, name) ? storageClasses[name] : storageClasses.STANDARD;
  if (!shape) throw new Error("storage class STANDARD has no geometry");
  return shape;
}

/** The geometry of larger bodies of a storage class. */
export function geometryOfClass(settings: Pick<StoreSettings, "storageClasses">, storageClass: string): Geometry {
  const { k, m } = shapeOfClass(settings, storageClass);
  return { k, m };
}

function text(vars: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = vars[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function parseCount(
  vars: Readonly<Record<string, unknown>>,
  name: string,
  { otherwise, least, most }: { otherwise: number; least: number; most: number },
): number {
  const value = text(vars, name);
  if (value === undefined) return otherwise;
  if (/^\d{1,12}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new Error(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`);
}

function parseOwnership(value: string | undefined): StoreSettings["objectOwnership"] | undefined {
  switch (value) {
    case undefined:
    case "BucketOwnerEnforced":
    case "BucketOwnerPreferred":
    case "ObjectWriter":
      return value;
    default:
      throw new Error(
        `SHERD_OBJECT_OWNERSHIP is BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter, not ${JSON.stringify(value)}`,
      );
  }
}

function parseFlag(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === "true" || value === "false") return value === "true";
  throw new Error(`${name} is true or false, not ${JSON.stringify(value)}`);
}

/** "4+2": four data and two parity shards. */
function parseGeometry(value: string | undefined, name: string): Geometry | undefined {
  if (value === undefined) return undefined;
  const [, k, m] = /^(\d{1,2})\+(\d)$/.exec(value) ?? [];
  const geometry = { k: Number(k), m: Number(m) };
  if (k !== undefined && isGeometry(geometry)) return geometry;
  throw new Error(`${name}: a geometry is "k+m" with k from 1 to 16 and m from 0 to 4, not ${JSON.stringify(value)}`);
}

/** "STANDARD=4+2@r2-*, REDUCED_REDUNDANCY=2+1, GLACIER_IR=4+2@b2-1 b2-2 b2-3 b2-4 wasabi-*". */
function parseStorageClasses(value: string | undefined): Record<string, ClassShape> | undefined {
  if (value === undefined) return undefined;
  const classes: Record<string, ClassShape> = {};
  for (const entry of value.split(",")) {
    const [name = "", shape = ""] = entry.split("=").map((part) => part.trim());
    if (!STORAGE_CLASS_NAMES.has(name)) {
      throw new Error(
        `SHERD_STORAGE_CLASSES: ${JSON.stringify(name)} is none of ${[...STORAGE_CLASS_NAMES].join(", ")}`,
      );
    }
    if (Object.hasOwn(classes, name)) throw new Error(`SHERD_STORAGE_CLASSES names ${name} twice`);
    classes[name] = parseShape(shape, `SHERD_STORAGE_CLASSES, ${name}`);
  }
  if (!classes.STANDARD) throw new Error("SHERD_STORAGE_CLASSES must give STANDARD a geometry");
  return classes;
}

/** "4+2", or "4+2@r2-1 r2-*". */
function parseShape(value: string, name: string): ClassShape {
  const at = value.indexOf("@");
  const geometry = parseGeometry(at < 0 ? value : value.slice(0, at).trim(), name) as Geometry;
  if (at < 0) return geometry;
  const drives = value
    .slice(at + 1)
    .split(/\s+/)
    .filter((drive) => drive !== "");
  const wrong = drives.find((drive) => !/^[a-z0-9-]{0,32}\*?$/.test(drive));
  if (drives.length === 0 || wrong !== undefined) {
    const found = drives.length === 0 ? "nothing" : JSON.stringify(wrong);
    throw new Error(
      `${name}: after @ come names of drives with spaces between them, such as "r2-1 b2-*", not ${found}`,
    );
  }
  return { ...geometry, drives };
}
