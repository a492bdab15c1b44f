import { setPriority } from "node:os";
import type { FromJobs, ToJobs } from "./messages.ts";
import { work } from "./work.ts";

// The process of the background jobs. It ends when no work is left, and with its launcher.

/**
 * Niceness: clients go first, and while all cores are busy this process gets about a tenth of one.
 */
const NICENESS = 10;
// Before anything else, so that threads which are started later inherit it.
setPriority(NICENESS);

const ending = new AbortController();
process.on("disconnect", () => process.exit(1));
process.on("message", (message: ToJobs) => {
  if (message.kind === "stop") ending.abort();
  else begin(message).then(() => process.exit(0), fail);
});

function begin({ configuration }: Extract<ToJobs, { kind: "begin" }>): Promise<void> {
  const tellCounts: Parameters<typeof work>[0]["tellCounts"] = (counts) =>
    new Promise((resolve) => {
      const message: FromJobs = { kind: "counts", counts };
      process.send?.(message, () => resolve());
    });
  return work({ configuration, signal: ending.signal, tellCounts });
}

function fail(error: unknown): never {
  const causes = error instanceof AggregateError ? error.errors : [error];
  for (const cause of causes) {
    console.error(`sherd: a background job failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`);
  }
  process.exit(2);
}
