import { JsonError } from "../../../protocols/aws-json/error.ts";
import { queueLimits } from "../../../queues/settings.ts";
import { type BatchFailure, batchFailure, sqsError } from "../model/errors.ts";

/** Checks the entries of a batch as a whole. `entry`: the name of one in AWS's message. Throws. */
export function checkBatch(ids: readonly string[], entry: string): void {
  if (ids.length === 0) throw sqsError("EmptyBatchRequest", `There should be at least one ${entry} in the request.`);
  if (ids.length > queueLimits.batchEntries) {
    const message = `Maximum number of entries per request are ${queueLimits.batchEntries}. You have sent ${ids.length}.`;
    throw sqsError("TooManyEntriesInBatchRequest", message);
  }
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    const message =
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
    throw sqsError("InvalidBatchEntryId", message);
  }
  const repeated = ids.find((id, index) => ids.indexOf(id) < index);
  if (repeated !== undefined) throw sqsError("BatchEntryIdsNotDistinct", `Id ${repeated} repeated.`);
}

/** Each entry read, or why it cannot be: one that is wrong does not keep the others back. */
export function readEntries<E extends { readonly Id: string }, T>(
  entries: readonly E[],
  read: (entry: E) => T,
): { good: { Id: string; value: T }[]; failed: BatchFailure[] } {
  const good: { Id: string; value: T }[] = [];
  const failed: BatchFailure[] = [];
  for (const entry of entries) {
    try {
      good.push({ Id: entry.Id, value: read(entry) });
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      failed.push(batchFailure(entry.Id, error));
    }
  }
  return { good, failed };
}
