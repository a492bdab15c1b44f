import type { LockRow, TagRow } from "../metadata/rows.ts";
import type { StoreContext } from "./context.ts";
import { lockRow } from "./object-head.ts";
import type { Bucket, ObjectLock, Tags } from "./types.ts";

/** A bucket's object lock configuration, as kept in `buckets.object_lock`. */
export interface ObjectLockConfiguration {
  /** What versions get that bring no retention of their own. */
  defaultRetention?: { mode: "GOVERNANCE" | "COMPLIANCE"; days: number };
}

const DAY_MS = 24 * 3600 * 1000;

/** The lock of a new version: its own, with the bucket's default retention where it brings none. */
export function lockFor({ clock }: StoreContext, bucket: Bucket, lock: ObjectLock | undefined): LockRow {
  const given = lock ?? { retention: null, legalHold: false };
  if (bucket.objectLock === null || given.retention) return lockRow(given);
  const { defaultRetention } = JSON.parse(bucket.objectLock) as ObjectLockConfiguration;
  if (!defaultRetention) return lockRow(given);
  const untilMs = clock.now() + defaultRetention.days * DAY_MS;
  return lockRow({ ...given, retention: { mode: defaultRetention.mode, untilMs } });
}

/** null where there are none. */
export function tagRows(tags: Tags | undefined): TagRow[] | null {
  return tags && tags.length > 0 ? tags.map(([key, value]) => [key, value]) : null;
}
