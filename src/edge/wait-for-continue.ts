import type { Clock } from "../base/clock.ts";

/** botocore waits a second for "100 Continue" before it sends a body. */
const CLIENT_WAITS_MS = 1_000;

/**
 * Lets a client that waits for "100 Continue" before an empty body go on by itself before it is answered. workerd sends no 100
 * for an empty body, and a botocore older than the fix of its issue 3755, which the AWS CLI still brings, takes a final answer
 * that comes instead for the 100: it then waits for another one until the idle connection is closed (measured: 15 s).
 */
export async function outwaitContinue({ headers }: Request, clock: Clock): Promise<void> {
  const expects = /100-continue/i.test(headers.get("expect") ?? "") && headers.get("content-length") === "0";
  if (expects && /botocore|aws-cli/i.test(headers.get("user-agent") ?? "")) await clock.sleep(CLIENT_WAITS_MS + 100);
}
