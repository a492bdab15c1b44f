import { showPrincipals } from "../../../auth/policy-principals.ts";
import { GuardError } from "../../../metadata/database.ts";
import type { MessageCounts } from "../../../metadata/queues/message-rows.ts";
import { required } from "../../../protocols/aws-json/fields.ts";
import { countMessages } from "../../../queues/counts.ts";
import { newRevision } from "../../../queues/ids.ts";
import { allAttributes } from "../../../queues/settings.ts";
import { ATTRIBUTE_NAMES, COUNTS, mergeAttributes } from "../model/attributes.ts";
import type { QueueCall } from "../model/call.ts";
import { invalidAttribute } from "../model/errors.ts";
import { attributesField, namesField, queueUrlField } from "../model/fields.ts";
import { queueOfUrl, queueOperation } from "../operation.ts";

export const getQueueAttributes = queueOperation({
  fields: { ...queueUrlField, AttributeNames: namesField },
  acrossAccounts: true,
  name: queueOfUrl,
  check({ AttributeNames = [] }) {
    const unknown = AttributeNames.find((name) => !ATTRIBUTE_NAMES.has(name));
    if (unknown !== undefined) throw invalidAttribute(unknown);
  },
  async run(call, { AttributeNames = [] }) {
    const isAsked = (name: string) => AttributeNames.includes("All") || AttributeNames.includes(name);
    const counts = COUNTS.some(isAsked) ? await countMessages(call.context, call.queue) : null;
    // Everything else is of what was read: it is read again if this is what is remembered.
    const queue = counts === null ? await fresh(call) : call.queue;
    const all = new Map<string, string>(
      Object.entries({ ...facts(queue), ...shownCounts(counts), ...allAttributes(queue) }),
    );
    const policy = all.get("Policy");
    if (policy !== undefined && isAsked("Policy")) {
      const [shown = policy] = await showPrincipals(call.entities, [policy]);
      all.set("Policy", shown);
    }
    const asked = [...all].filter(([name]) => isAsked(name));
    return asked.length === 0 ? {} : { Attributes: new Map(asked) };
  },
});

/** The queue as it is now. Throws `GuardError` queue_changed if it is another one: then it is decided again. */
export async function fresh({ memory, context, queue }: QueueCall): Promise<QueueCall["queue"]> {
  const now = await memory.read(context.tables, queue);
  if (now?.revision !== queue.revision) throw new GuardError("queue_changed");
  return now;
}

function facts({ arn, createdMs, modifiedMs }: QueueCall["queue"]): Record<string, string> {
  return {
    QueueArn: arn,
    CreatedTimestamp: `${Math.floor(createdMs / 1000)}`,
    LastModifiedTimestamp: `${Math.floor(modifiedMs / 1000)}`,
  };
}

function shownCounts(counts: MessageCounts | null): Record<string, string> {
  if (counts === null) return {};
  return {
    ApproximateNumberOfMessages: `${counts.visible}`,
    ApproximateNumberOfMessagesNotVisible: `${counts.inFlight}`,
    ApproximateNumberOfMessagesDelayed: `${counts.delayed}`,
  };
}

export const setQueueAttributes = queueOperation({
  fields: { ...queueUrlField, Attributes: required(attributesField) },
  acrossAccounts: false,
  name: queueOfUrl,
  async run(call, { Attributes: given }) {
    const { context, memory, queue, nowMs } = call;
    const merged = await mergeAttributes(call, queue, { before: queue.attributes, given });
    await context.tables.queues.change(queue, { ...merged, modifiedMs: nowMs, revision: newRevision(context.random) });
    memory.forget(queue);
    return null;
  },
});
