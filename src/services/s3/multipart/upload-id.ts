import type { Call } from "../handler.ts";

/** The upload id of the request; an empty one names no upload. */
export function uploadIdOf(call: Call): string {
  return call.query.get("uploadId") ?? "";
}
