import type { Call } from "../handler.ts";

/** The upload that the request names; an empty one is looked for in vain. */
export function uploadIdOf(call: Call): string {
  return call.query.get("uploadId") ?? "";
}
