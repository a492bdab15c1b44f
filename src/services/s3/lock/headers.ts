import type { EventHold, HoldDuration, ObjectLock, Retention } from "../../../store/types.ts";
import { retainedUntilMs } from "../../../store/write/change-retention.ts";
import { hasBodyDigest } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import { parseEventHold } from "./event-hold.ts";
import { parseRetainUntil } from "./retain-until.ts";

const MODE = "x-amz-object-lock-mode";
const UNTIL = "x-amz-object-lock-retain-until-date";
const HOLD = "x-amz-object-lock-legal-hold";
const EVENT_HOLD = "x-amz-object-lock-event-hold";
const HOLD_DAYS = `${EVENT_HOLD}-duration-days`;
const HOLD_YEARS = `${EVENT_HOLD}-duration-years`;

/**
 * The lock in a write's headers; undefined if there is none. Throws InvalidArgument for malformed
 * values, for a mode without a date or an event hold, for the reverse, and for a date in the past.
 */
export function parseLockHeaders(headers: Headers, nowMs: number): ObjectLock | undefined {
  const eventHold = parseEventHold(
    headers.get(EVENT_HOLD),
    { days: headers.get(HOLD_DAYS), years: headers.get(HOLD_YEARS) },
    { status: EVENT_HOLD, days: HOLD_DAYS, years: HOLD_YEARS },
  );
  const retention = parseRetention(headers, eventHold, nowMs);
  const hold = headers.get(HOLD);
  if (hold !== null && hold !== "ON" && hold !== "OFF") {
    throw invalid("Legal Hold must be either of 'ON' or 'OFF'", HOLD, hold);
  }
  if (retention === null && hold === null) return undefined;
  return { retention, legalHold: hold, ...(eventHold && { eventHold }) };
}

/** An event hold needs a mode, and while it is on no date. */
function parseRetention(headers: Headers, eventHold: EventHold | undefined, nowMs: number): Retention | null {
  const [mode, until] = [headers.get(MODE), headers.get(UNTIL)];
  if (mode === null && until === null && eventHold === undefined) return null;
  const needsDate = eventHold?.status !== "ON";
  if (mode === null || (until === null && needsDate)) {
    const message = `${UNTIL} and ${MODE} must both be supplied`;
    throw new S3Error("InvalidArgument", message, { ArgumentName: mode === null ? MODE : UNTIL });
  }
  if (mode !== "GOVERNANCE" && mode !== "COMPLIANCE") throw invalid("Unknown wormMode directive.", MODE, mode);
  return { mode, untilMs: until === null ? 0 : parseRetainUntil(until, nowMs) };
}

/**
 * A locked object cannot be replaced, so its bytes must have arrived as sent: S3 requires a digest.
 * Throws InvalidRequest.
 */
export function requireDigestOfLocked(headers: Headers, lock: ObjectLock | undefined): void {
  if (lock === undefined || hasBodyDigest(headers)) return;
  throw new S3Error(
    "InvalidRequest",
    "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
  );
}

/** Lock headers of a GET or HEAD, as of now. */
export function lockHeaders(lock: ObjectLock, nowMs: number): Record<string, string> {
  const { retention, legalHold, eventHold } = lock;
  const until = new Date(retainedUntilMs(lock, nowMs)).toISOString();
  return {
    ...(retention && { [MODE]: retention.mode, [UNTIL]: until }),
    ...(legalHold && { [HOLD]: legalHold }),
    ...(eventHold && { [EVENT_HOLD]: eventHold.status }),
    ...(eventHold?.status === "ON" && durationHeader(eventHold.duration)),
  };
}

function durationHeader(duration: HoldDuration): Record<string, string> {
  return "days" in duration ? { [HOLD_DAYS]: `${duration.days}` } : { [HOLD_YEARS]: `${duration.years}` };
}

function invalid(message: string, name: string, value: string): S3Error {
  return new S3Error("InvalidArgument", message, { ArgumentName: name, ArgumentValue: value });
}
