import type { Geometry } from "../erasure/geometry.ts";

/** Numbers and choices that a deployment may change. Existing objects keep what they were written with. */
export interface StoreSettings {
  /** Region that buckets are created in and that signatures may name. */
  readonly region: string;
  /** Bodies up to this many bytes are kept in D1, in the commit itself. */
  readonly inlineBytesMax: number;
  /** Larger bodies, up to this many bytes, are stored as full copies (`smallGeometry`). */
  readonly smallBytesMax: number;
  readonly smallGeometry: Geometry;
  /** Geometry of larger bodies by storage class. STANDARD is always there. */
  readonly storageClasses: Readonly<Record<string, Geometry>>;
  /** Parts but the last are at least this large. */
  readonly partBytesMin: number;
  /** How long what was replaced or deleted is kept for reads that began before. */
  readonly graceSeconds: number;
  /** Unfinished multipart uploads are aborted after this time. */
  readonly uploadAgeSecondsMax: number;
}

/** One D1 row holds the extents of an object: ten thousand take under 1 MB of its 2 MB. */
export const EXTENTS_MAX = 10_000;
export const BUCKETS_MAX = 10_000;
export const PARTS_MAX = 10_000;

export const DEFAULT_SETTINGS: StoreSettings = {
  region: "us-east-1",
  inlineBytesMax: 32 * 1024,
  smallBytesMax: 256 * 1024,
  smallGeometry: { k: 1, m: 2 },
  storageClasses: { STANDARD: { k: 4, m: 2 } },
  partBytesMin: 5 * 1024 * 1024,
  graceSeconds: 24 * 3600,
  uploadAgeSecondsMax: 7 * 24 * 3600,
};
