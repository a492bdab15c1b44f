import type { Clock } from "../base/clock.ts";

/** botocore waits a second for "100 Continue" before it sends a body. */
const CLIENT_WAITS_MS = 1_000;
/** The first botocore that takes a final answer instead of a 100 for what it is. */
const FIXED_BOTOCORE = [1, 43, 77] as const;

/**
 * Lets an old botocore that waits for "100 Continue" before an empty body go on by itself before it is answered. workerd sends no
 * 100 for an empty body, and a botocore older than the fix of its issue 3755 takes a final answer that comes instead for the 100:
 * it then waits for another one until the idle connection is closed (measured: 6 to 15 s). No other client waits here: neither newer ones,
 * which the User-Agent tells, nor aiobotocore, which has a connection of its own.
 *
 * Nothing else could write the 100: `npm start` gives its listening socket to workerd, which accepts connections itself, and a proxy in front would
 * handle every byte of every client once more.
 */
export async function outwaitContinue({ headers }: Request, clock: Clock): Promise<void> {
  const expects = /100-continue/i.test(headers.get("expect") ?? "") && headers.get("content-length") === "0";
  if (expects && stallsAfterFinalAnswer(headers.get("user-agent") ?? "")) await clock.sleep(CLIENT_WAITS_MS + 100);
}

/**
 * True for a botocore before the fix, under its own name (`Botocore/1.42.1`) or inside boto3 and the AWS CLI (`md/Botocore#1.42.1`).
 * An AWS CLI that names no botocore has one of its own, whose age cannot be told.
 */
function stallsAfterFinalAnswer(userAgent: string): boolean {
  if (/^aiobotocore\//i.test(userAgent)) return false;
  const version = /botocore[/#](\d+)\.(\d+)\.(\d+)/i.exec(userAgent);
  if (version === null) return /^aws-cli\//i.test(userAgent);
  const [major = 0, minor = 0, patch = 0] = version.slice(1).map(Number);
  const [fixedMajor, fixedMinor, fixedPatch] = FIXED_BOTOCORE;
  if (major !== fixedMajor) return major < fixedMajor;
  return minor === fixedMinor ? patch < fixedPatch : minor < fixedMinor;
}
