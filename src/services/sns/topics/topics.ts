import { text } from "../../../protocols/aws-query/fields.ts";
import { parseTopicArn, topicArn } from "../../../topics/settings.ts";
import { accountOf } from "../model/call.ts";
import { invalidParameter } from "../model/errors.ts";
import { needed } from "../model/fields.ts";
import { cutPage, PAGE_ITEMS, pageStart } from "../model/pages.ts";
import { readInput, type SnsOperation, topicOperation } from "../operation.ts";

/** Takes a topic away with its subscriptions and what is on its way to them. One that is not there is no error. */
export const deleteTopic: SnsOperation = {
  async run(call, action, parameters) {
    const { TopicArn } = readInput({ TopicArn: needed("TopicArn") }, parameters);
    if (parseTopicArn(TopicArn) === null) throw invalidParameter("TopicArn");
    return deleteOne.run(call, action, parameters).catch((error: unknown) => {
      if (error instanceof TopicMissing) return null;
      throw error;
    });
  },
};

class TopicMissing extends Error {}

const deleteOne = topicOperation({
  fields: { TopicArn: needed("TopicArn") },
  acrossAccounts: true,
  missing: () => new TopicMissing(),
  topic: ({ TopicArn }) => TopicArn,
  async run({ context, memory, topic }) {
    try {
      await context.tables.topics.remove(topic);
    } finally {
      memory.forget(topic);
    }
    return null;
  },
});

/** The topics of the caller's account, by their names. */
export const listTopics: SnsOperation = {
  async run(call, action, parameters) {
    const { NextToken: token } = readInput({ NextToken: text() }, parameters);
    const accountId = accountOf(call);
    const resource = `arn:aws:sns:${call.region}:${accountId ?? ""}:*`;
    call.caller.demand([{ action, resource, resourceAccountId: accountId }]);
    if (accountId === null) throw new Error("a caller without an account was allowed to list its topics");
    const rows = await call.context.tables.topics.list(accountId, pageStart(token), PAGE_ITEMS);
    const { page, NextToken } = cutPage(rows, ({ name }) => name);
    return { Topics: page.map((row) => ({ TopicArn: topicArn({ ...row, accountId }) })), NextToken };
  },
};
