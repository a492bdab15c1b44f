import { required } from "../../../protocols/aws-json/fields.ts";
import { newRevision } from "../../../queues/ids.ts";
import type { QueueCall } from "../model/call.ts";
import { namesField, queueUrlField, tagsField } from "../model/fields.ts";
import { mergeTags, tagContext } from "../model/tags.ts";
import { queueOfUrl, queueOperation } from "../operation.ts";
import { fresh } from "./queue-attributes.ts";

export const tagQueue = queueOperation({
  fields: { ...queueUrlField, Tags: required(tagsField) },
  acrossAccounts: false,
  name: queueOfUrl,
  context: ({ Tags }) => tagContext(Tags),
  run: (call, { Tags }) => setTags(call, mergeTags(call.queue.tags, Tags)),
});

/** Keys that are not there do not matter. */
export const untagQueue = queueOperation({
  fields: { ...queueUrlField, TagKeys: required(namesField) },
  acrossAccounts: false,
  name: queueOfUrl,
  context: ({ TagKeys }) => tagContext(undefined, TagKeys),
  run: (call, { TagKeys }) =>
    setTags(
      call,
      call.queue.tags.filter(([key]) => !TagKeys.includes(key)),
    ),
});

export const listQueueTags = queueOperation({
  fields: queueUrlField,
  acrossAccounts: false,
  name: queueOfUrl,
  async run(call) {
    const now = await fresh(call);
    return now.tags.length === 0 ? {} : { Tags: new Map(now.tags) };
  },
});

async function setTags({ context, memory, queue, nowMs }: QueueCall, tags: QueueCall["queue"]["tags"]): Promise<null> {
  await context.tables.queues.change(queue, { tags, modifiedMs: nowMs, revision: newRevision(context.random) });
  memory.forget(queue);
  return null;
}
