import type { Ask } from "../../../auth/access.ts";
import { boundAttributes } from "../../../auth/policy-principals.ts";
import type { NewQueue } from "../../../metadata/queues/queues.ts";
import { isQueueDeletedRecently, isQueueTaken } from "../../../metadata/queues/queues.ts";
import { required, text } from "../../../protocols/aws-json/fields.ts";
import { newRevision } from "../../../queues/ids.ts";
import { allAttributes, isFifoName, isQueueName, queueArn } from "../../../queues/settings.ts";
import { mergeAttributes } from "../model/attributes.ts";
import { accountOf, type SqsCall } from "../model/call.ts";
import { invalidAttribute, invalidParameter, sqsError } from "../model/errors.ts";
import { attributesField, tagsField } from "../model/fields.ts";
import type { KnownQueue, QueueName } from "../model/queue-memory.ts";
import { queueUrl } from "../model/queue-url.ts";
import { mergeTags, tagContext } from "../model/tags.ts";
import { readInput, type SqsOperation } from "../operation.ts";

/** A name that was deleted may be used again after so long. */
const DELETED_MS = 60_000;

const fields = { QueueName: required(text()), Attributes: attributesField, tags: tagsField };

/** Makes a queue, or tells the URL of the one that is there if no attribute that is given differs from it. */
export const createQueue: SqsOperation = {
  async run(call, action, given) {
    const input = readInput(fields, given);
    const { QueueName: name, Attributes = new Map(), tags = new Map() } = input;
    const accountId = accountOf(call);
    const arn = queueArn({ region: call.region, accountId: accountId ?? "", name });
    call.caller.demand(asksFor(action, { arn, accountId, tags }));
    if (accountId === null) throw new Error("a caller without an account was allowed to make a queue");
    checkName(name, Attributes);
    const before = await call.memory.read(call.context.tables, { accountId, name });
    if (before !== null) return same(call, before, Attributes);
    const merged = await mergeAttributes(call, { accountId, name, arn }, { before: {}, given: Attributes });
    const { nowMs, region, context } = call;
    const queue: NewQueue = {
      ...{ accountId, name, region, createdMs: nowMs, modifiedMs: nowMs, revision: newRevision(context.random) },
      ...{ ...merged, tags: mergeTags([], tags) },
    };
    return make(call, queue, Attributes);
  },
};

function asksFor(
  action: string,
  { arn, accountId, tags }: { arn: string; accountId: string | null; tags: ReadonlyMap<string, string> },
): Ask[] {
  const context = tagContext(tags);
  const actions = tags.size > 0 ? [action, "sqs:TagQueue"] : [action];
  return actions.map((one) => ({
    action: one,
    resource: arn,
    resourceAccountId: accountId,
    context: (key) => context.get(key),
  }));
}

function checkName(name: string, attributes: ReadonlyMap<string, string>): void {
  const fifo = attributes.get("FifoQueue");
  if (fifo !== undefined && fifo !== "true") throw invalidAttribute("FifoQueue");
  if (fifo === "true" && !(isFifoName(name) && isQueueName(name))) {
    throw invalidParameter(
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
    );
  }
  if (!isQueueName(name) || (fifo === undefined && isFifoName(name))) {
    throw invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
  }
}

async function make(call: SqsCall, queue: NewQueue, given: ReadonlyMap<string, string>): Promise<{ QueueUrl: string }> {
  try {
    await call.context.tables.queues.create(queue, call.nowMs - DELETED_MS);
  } catch (error) {
    if (isQueueDeletedRecently(error)) {
      const message =
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
      throw sqsError("QueueDeletedRecently", message);
    }
    const other = isQueueTaken(error) ? await call.memory.read(call.context.tables, queue) : null;
    if (other === null) throw error;
    return same(call, other, given);
  }
  call.memory.forget(queue);
  return urlOf(call, queue);
}

async function same(
  call: SqsCall,
  queue: KnownQueue,
  given: ReadonlyMap<string, string>,
): Promise<{ QueueUrl: string }> {
  const current = allAttributes(queue);
  for (const [name, value] of await boundAttributes(call.entities, given)) {
    if ((current[name] ?? "") === value) continue;
    const message = `A queue already exists with the same name and a different value for attribute ${name.slice(0, 256)}`;
    throw sqsError("QueueNameExists", message);
  }
  return urlOf(call, queue);
}

function urlOf({ origin }: SqsCall, queue: QueueName): { QueueUrl: string } {
  return { QueueUrl: queueUrl(origin, queue) };
}
