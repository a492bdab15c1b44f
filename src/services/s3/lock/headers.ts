import type { ObjectLock, Retention } from "../../../store/types.ts";
import { hasBodyDigest } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import { parseRetainUntil } from "./retain-until.ts";

const MODE = "x-amz-object-lock-mode";
const UNTIL = "x-amz-object-lock-retain-until-date";
const HOLD = "x-amz-object-lock-legal-hold";

/**
 * The lock that the headers of a write ask for; undefined where they ask for none. Throws InvalidArgument for what is malformed,
 * for a mode without a date or the other way round, and for a date that is past.
 */
export function parseLockHeaders(headers: Headers, nowMs: number): ObjectLock | undefined {
  const retention = parseRetention(headers.get(MODE), headers.get(UNTIL), nowMs);
  const hold = headers.get(HOLD);
  if (hold !== null && hold !== "ON" && hold !== "OFF") {
    throw invalid("Legal Hold must be either of 'ON' or 'OFF'", HOLD, hold);
  }
  return retention === null && hold === null ? undefined : { retention, legalHold: hold };
}

function parseRetention(mode: string | null, until: string | null, nowMs: number): Retention | null {
  if (mode === null && until === null) return null;
  if (mode === null || until === null) {
    const message = `${UNTIL} and ${MODE} must both be supplied`;
    throw new S3Error("InvalidArgument", message, { ArgumentName: mode === null ? MODE : UNTIL });
  }
  if (mode !== "GOVERNANCE" && mode !== "COMPLIANCE") throw invalid("Unknown wormMode directive.", MODE, mode);
  return { mode, untilMs: parseRetainUntil(until, nowMs) };
}

/** What nobody may remove must have come as it was sent: S3 insists on a digest. Throws InvalidRequest. */
export function requireDigestOfLocked(headers: Headers, lock: ObjectLock | undefined): void {
  if (lock === undefined || hasBodyDigest(headers)) return;
  throw new S3Error(
    "InvalidRequest",
    "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
  );
}

/** How a GET or HEAD says that a version is locked. */
export function lockHeaders({ retention, legalHold }: ObjectLock): Record<string, string> {
  return {
    ...(retention && { [MODE]: retention.mode, [UNTIL]: new Date(retention.untilMs).toISOString() }),
    ...(legalHold && { [HOLD]: legalHold }),
  };
}

function invalid(message: string, name: string, value: string): S3Error {
  return new S3Error("InvalidArgument", message, { ArgumentName: name, ArgumentValue: value });
}
