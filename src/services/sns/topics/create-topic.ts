import type { Ask } from "../../../auth/access.ts";
import { boundAttributes } from "../../../auth/policy-principals.ts";
import type { TagRow } from "../../../metadata/rows.ts";
import { isTopicTaken, type NewTopic } from "../../../metadata/topics/topics.ts";
import { text } from "../../../protocols/aws-query/fields.ts";
import { newRevision } from "../../../queues/ids.ts";
import { isFifoName } from "../../../queues/settings.ts";
import { isTopicName, topicArn } from "../../../topics/settings.ts";
import { checkAttribute, shownAttributes, withAttribute } from "../model/attributes.ts";
import { accountOf, type SnsCall } from "../model/call.ts";
import { invalidParameter, notBuilt } from "../model/errors.ts";
import { attributesField, needed } from "../model/fields.ts";
import { mergeTags, tagContext, tagsField, tagsOf } from "../model/tags.ts";
import type { KnownTopic } from "../model/topic-memory.ts";
import { readInput, type SnsOperation } from "../operation.ts";

const fields = { Name: needed("Name"), Attributes: attributesField, Tags: tagsField, DataProtectionPolicy: text() };

/** Makes a topic, or tells the ARN of the one that is there if neither attributes nor tags that are given differ from it. */
export const createTopic: SnsOperation = {
  async run(call, action, parameters) {
    const { Name: name, Attributes: given = new Map(), Tags, DataProtectionPolicy } = readInput(fields, parameters);
    const tags = tagsOf(Tags);
    const accountId = accountOf(call);
    const named = { accountId: accountId ?? "", name, region: call.region };
    const arn = topicArn(named);
    call.caller.demand(asksFor(action, { arn, accountId, tags }));
    if (accountId === null) throw new Error("a caller without an account was allowed to make a topic");
    if (DataProtectionPolicy !== undefined) throw notBuilt("DataProtectionPolicy");
    checkName(name, given);
    const before = await call.memory.read(call.context.tables, named);
    if (before !== null) return same(before, await boundAttributes(call.entities, given), tags);
    for (const [attribute, value] of given) checkAttribute({ ...named, arn }, attribute, value);
    const attributes = [...(await boundAttributes(call.entities, given))].reduce(
      (all, [one, value]) => withAttribute(all, one, value),
      {},
    );
    const revision = newRevision(call.context.random);
    const topic: NewTopic = { ...named, createdMs: call.nowMs, revision, attributes, tags: mergeTags([], tags) };
    return make(call, topic, { given, tags });
  },
};

function asksFor(
  action: string,
  { arn, accountId, tags }: { arn: string; accountId: string | null; tags: readonly TagRow[] },
): Ask[] {
  const context = tagContext(tags);
  const actions = tags.length > 0 ? [action, "sns:TagResource"] : [action];
  return actions.map((one) => ({
    action: one,
    resource: arn,
    resourceAccountId: accountId,
    context: (key) => context.get(key),
  }));
}

function checkName(name: string, attributes: ReadonlyMap<string, string>): void {
  const isFifo = attributes.get("FifoTopic")?.toLowerCase() === "true";
  if (isFifo && !(isFifoName(name) && isTopicName(name))) {
    throw invalidParameter(
      "Topic Name",
      "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
    );
  }
  if (!isTopicName(name) || (!isFifo && isFifoName(name))) throw invalidParameter("Topic Name");
}

interface Given {
  readonly given: ReadonlyMap<string, string>;
  readonly tags: readonly TagRow[];
}

async function make(call: SnsCall, topic: NewTopic, { given, tags }: Given): Promise<{ TopicArn: string }> {
  try {
    await call.context.tables.topics.create(topic);
  } catch (error) {
    const other = isTopicTaken(error) ? await call.memory.read(call.context.tables, topic) : null;
    if (other === null) throw error;
    return same(other, await boundAttributes(call.entities, given), tags);
  }
  call.memory.forget(topic);
  return { TopicArn: topicArn(topic) };
}

function same(topic: KnownTopic, given: ReadonlyMap<string, string>, tags: readonly TagRow[]): { TopicArn: string } {
  const current = shownAttributes(topic);
  for (const [name, value] of given) {
    if ((current[name] ?? "") === value) continue;
    throw invalidParameter("Attributes", "Topic already exists with different attributes");
  }
  const known = new Map(topic.tags);
  if (tags.some(([key, value]) => known.get(key) !== value)) {
    throw invalidParameter("Tags", "Topic already exists with different tags");
  }
  return { TopicArn: topic.arn };
}
