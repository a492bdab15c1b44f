import type { EventHold, HoldDuration, ObjectLock, Retention } from "../types.ts";

const DAY_MS = 24 * 3600 * 1000;
const DAYS_PER_YEAR = 365;

/** Request of PutObjectRetention. */
export interface RetentionChange {
  /** null: no retention from now on, and no event hold. */
  retention: Retention | null;
  /** Absent: a present hold stays. */
  eventHold?: EventHold;
}

/** S3 counts a year of an event hold as 365 days. */
export function holdDays(duration: HoldDuration): number {
  return "days" in duration ? duration.days : duration.years * DAYS_PER_YEAR;
}

/**
 * Until when retention and event hold keep a version, as of now: the later of their dates. 0:
 * neither was ever set.
 */
export function retainedUntilMs({ retention, eventHold }: ObjectLock, nowMs: number): number {
  const ownMs = retention?.untilMs ?? 0;
  return eventHold?.status === "ON" ? Math.max(ownMs, nowMs + holdDays(eventHold.duration) * DAY_MS) : ownMs;
}

/**
 * Whether anything protects a version from removal and change. `bypassGovernance` passes over
 * retention in governance mode.
 */
export function isProtected(lock: ObjectLock, { nowMs, bypassGovernance }: Circumstances): boolean {
  return lock.legalHold === "ON" || isRetained(lock, { nowMs, bypassGovernance });
}

export interface Circumstances {
  nowMs: number;
  bypassGovernance: boolean;
}

function isRetained(lock: ObjectLock, { nowMs, bypassGovernance }: Circumstances): boolean {
  return retainedUntilMs(lock, nowMs) > nowMs && !(bypassGovernance && lock.retention?.mode === "GOVERNANCE");
}

/**
 * The lock of a version after a change of its retention. `locked`: the present protection is
 * stronger. `no-date`: without an event hold it needs a date, and has none. Present protection is
 * never loosened: its mode stays, and its date never moves back. The release of an event hold fixes
 * the date, the duration of the hold from now; of two dates, the later one counts.
 *
 * Follows "Object Lock considerations" in the S3 User Guide.
 */
export function changeRetention(
  lock: ObjectLock,
  { retention, eventHold }: RetentionChange,
  circumstances: Circumstances,
): ObjectLock | "locked" | "no-date" {
  const { nowMs } = circumstances;
  const retained = isRetained(lock, circumstances);
  const { legalHold } = lock;
  if (retention === null) return retained ? "locked" : { legalHold, retention: null };
  if (retained && retention.mode !== lock.retention?.mode) return "locked";
  const { mode } = retention;
  const isHeld = lock.eventHold?.status === "ON";
  // Present protection continues to count. Protection that has ended, or may be bypassed, does not.
  const keptMs = retained ? retainedUntilMs(lock, nowMs) : 0;
  if (eventHold?.status === "ON") {
    return { legalHold, retention: { mode, untilMs: Math.max(keptMs, retention.untilMs) }, eventHold };
  }
  if (eventHold?.status === "OFF" && isHeld) {
    const releasedMs = retained || retention.untilMs === 0 ? retainedUntilMs(lock, nowMs) : 0;
    return { legalHold, retention: { mode, untilMs: Math.max(releasedMs, retention.untilMs) }, eventHold };
  }
  if (retention.untilMs === 0) return "no-date";
  const ownMs = retained ? (lock.retention?.untilMs ?? 0) : 0;
  if (retention.untilMs < ownMs) return "locked";
  const hold = eventHold ?? (retained || !isHeld ? lock.eventHold : undefined);
  return { legalHold, retention: { mode, untilMs: retention.untilMs }, ...(hold && { eventHold: hold }) };
}
