import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { skewMaxMs } from "./limits.ts";

/** A request signed in its header must have been made within 15 minutes of now, by its own clock. */
export function checkSkew(
  request: { readonly timestampMs: number; readonly timestampText: string },
  nowMs: number,
): Checked<null> {
  if (Math.abs(nowMs - request.timestampMs) <= skewMaxMs) return { ok: true, value: null };
  const requestTime = request.timestampText;
  return refused({ kind: "requestTimeTooSkewed", requestTime, serverTimeMs: nowMs, skewMaxMs });
}
