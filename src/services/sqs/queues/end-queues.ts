import { newRevision } from "../../../queues/ids.ts";
import { sqsError } from "../model/errors.ts";
import { queueUrlField } from "../model/fields.ts";
import { queueOfUrl, queueOperation } from "../operation.ts";

/** One purge is allowed in so long. */
const PURGE_MS = 60_000;

/** The queue is gone with the answer; a job deletes its messages. */
export const deleteQueue = queueOperation({
  fields: queueUrlField,
  acrossAccounts: false,
  name: queueOfUrl,
  async run({ context, queue, memory, nowMs }) {
    await context.tables.queues.remove(queue, nowMs);
    memory.forget(queue);
    return null;
  },
});

/** The queue is empty with the answer; a job deletes the messages. */
export const purgeQueue = queueOperation({
  fields: queueUrlField,
  acrossAccounts: true,
  name: queueOfUrl,
  async run({ context, queue, memory, nowMs }) {
    if (queue.purgedMs !== null && nowMs - queue.purgedMs < PURGE_MS) {
      const message = `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`;
      throw sqsError("PurgeQueueInProgress", message);
    }
    await context.tables.queues.purge(queue, { revision: newRevision(context.random), nowMs });
    memory.forget(queue);
    return null;
  },
});
