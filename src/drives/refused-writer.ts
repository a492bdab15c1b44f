import type { DriveError, ShardWriter } from "./drive.ts";

/** A writer whose every step fails with this error. */
export function refusedWriter(refusal: DriveError): ShardWriter {
  const refuse = () => Promise.reject(refusal);
  return { write: refuse, close: refuse, abort: async () => {} };
}
