import type { LockRow, TagRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { lockRow } from "../read/object-head.ts";
import type { Bucket, HoldDuration, ObjectLock, Tags } from "../types.ts";

/**
 * Default for versions without retention of their own: a period of days or years, an event hold, or
 * both.
 */
export interface DefaultRetention {
  mode: "GOVERNANCE" | "COMPLIANCE";
  days?: number;
  years?: number;
  eventHold?: HoldDuration;
}

/** A bucket's object lock configuration, as kept in `buckets.object_lock`. */
export interface ObjectLockConfiguration {
  defaultRetention?: DefaultRetention;
}

const NO_LOCK: ObjectLock = { retention: null, legalHold: null };

/** A bucket's object lock configuration; null if it was created without object lock. */
export function lockConfiguration({ objectLock }: Pick<Bucket, "objectLock">): ObjectLockConfiguration | null {
  return objectLock === null ? null : (JSON.parse(objectLock) as ObjectLockConfiguration);
}

/**
 * The lock of a new version: its own, or the bucket's default retention. Throws `StoreError`
 * no-object-lock if the version has one and the bucket has no object lock.
 */
export function lockFor({ clock }: StoreContext, bucket: Bucket, lock: ObjectLock = NO_LOCK): LockRow {
  const configuration = lockConfiguration(bucket);
  if (configuration === null && (lock.retention || lock.legalHold !== null)) {
    throw new StoreError({ kind: "no-object-lock", bucket: bucket.name, asked: "lock" });
  }
  const retention = configuration?.defaultRetention;
  if (lock.retention || !retention) return lockRow(lock);
  const { mode, days, years, eventHold } = retention;
  const untilMs = days === undefined && years === undefined ? 0 : retainUntil(clock.now(), retention);
  const hold = eventHold && { eventHold: { status: "ON", duration: eventHold } as const };
  return lockRow({ legalHold: lock.legalHold, retention: { mode, untilMs }, ...hold });
}

/** Days are of 24 hours; a year ends on the same date. */
function retainUntil(nowMs: number, { days = 0, years = 0 }: DefaultRetention): number {
  const until = new Date(nowMs);
  until.setUTCFullYear(until.getUTCFullYear() + years);
  until.setUTCDate(until.getUTCDate() + days);
  return until.getTime();
}

/** null where there are none. */
export function tagRows(tags: Tags | undefined): TagRow[] | null {
  return tags && tags.length > 0 ? tags.map(([key, value]) => [key, value]) : null;
}
