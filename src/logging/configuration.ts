import type { Grant } from "../store/types.ts";

/** Where the access logs of a bucket go, as column `logging` has it. */
export interface LoggingConfiguration {
  readonly targetBucket: string;
  readonly targetPrefix: string;
  /** `simple`: all in one place. Otherwise by account, region, bucket and day, of the requests or of the delivery. */
  readonly keys: "simple" | "EventTime" | "DeliveryTime";
  /** What log objects grant besides the owner's full control. Absent: nothing. */
  readonly grants?: readonly Grant[];
}

/** About which bucket an object tells, and when it was made. */
export interface LogObject {
  readonly source: { readonly name: string; readonly accountId: string; readonly region: string };
  /** `2026-11-29`, of the requests. */
  readonly day: string;
  readonly deliveredMs: number;
  /** Upper-case hex digits. */
  readonly unique: string;
}

/**
 * The key of a log object.
 *
 * Follows "Log object key format" in "Logging requests with server access logging" of the Amazon S3 User Guide.
 */
export function logKey(
  { targetPrefix, keys }: LoggingConfiguration,
  { source, day, deliveredMs, unique }: LogObject,
): string {
  const [delivered = "", time = ""] = new Date(deliveredMs).toISOString().slice(0, 19).split("T");
  if (keys === "simple") return `${targetPrefix}${delivered}-${time.replaceAll(":", "-")}-${unique}`;
  const folders = `${source.accountId}/${source.region}/${source.name}`;
  const date = keys === "EventTime" ? day : delivered;
  const clock = keys === "EventTime" ? "00-00-00" : time.replaceAll(":", "-");
  return `${targetPrefix}${folders}/${date.replaceAll("-", "/")}/${date}-${clock}-${unique}`;
}
