import { list, text } from "../../../protocols/aws-query/fields.ts";
import { newRevision } from "../../../queues/ids.ts";
import { snsError } from "../model/errors.ts";
import { needed } from "../model/fields.ts";
import { mergeTags, tagContext, tagsField, tagsOf } from "../model/tags.ts";
import { topicOperation } from "../operation.ts";

const resourceField = { ResourceArn: needed("ResourceArn") };
const missing = () => snsError("ResourceNotFound", "Resource does not exist");

export const tagResource = topicOperation({
  fields: { ...resourceField, Tags: tagsField },
  acrossAccounts: false,
  missing,
  topic: ({ ResourceArn }) => ResourceArn,
  context: ({ Tags }) => tagContext(tagsOf(Tags)),
  async run({ context, memory, topic }, { Tags }) {
    const tags = mergeTags(topic.tags, tagsOf(Tags));
    await context.tables.topics.change(topic, { tags, revision: newRevision(context.random) });
    memory.forget(topic);
    return {};
  },
});

export const untagResource = topicOperation({
  fields: { ...resourceField, TagKeys: list(text(), { max: 1_000 }) },
  acrossAccounts: false,
  missing,
  topic: ({ ResourceArn }) => ResourceArn,
  context: ({ TagKeys }) => tagContext([], TagKeys),
  async run({ context, memory, topic }, { TagKeys }) {
    const tags = topic.tags.filter(([key]) => !TagKeys.includes(key));
    await context.tables.topics.change(topic, { tags, revision: newRevision(context.random) });
    memory.forget(topic);
    return {};
  },
});

export const listTagsForResource = topicOperation({
  fields: resourceField,
  readsTable: true,
  acrossAccounts: false,
  missing,
  topic: ({ ResourceArn }) => ResourceArn,
  async run({ topic }) {
    return { Tags: topic.tags.map(([Key, Value]) => ({ Key, Value })) };
  },
});
