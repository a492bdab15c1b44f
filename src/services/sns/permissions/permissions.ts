import { list, text } from "../../../protocols/aws-query/fields.ts";
import { newRevision } from "../../../queues/ids.ts";
import type { TopicCall } from "../model/call.ts";
import { invalidParameter } from "../model/errors.ts";
import { needed } from "../model/fields.ts";
import { checkTopicPolicy, defaultPolicy, TOPIC_ACTIONS } from "../model/policies.ts";
import { topicOperation } from "../operation.ts";

interface Document {
  readonly Version: string;
  readonly Id?: string;
  readonly Statement: readonly { readonly Sid?: string }[];
}

const labelled = { TopicArn: needed("TopicArn"), Label: needed("Label") };

/** Adds a statement to the topic's policy. */
export const addPermission = topicOperation({
  fields: { ...labelled, AWSAccountId: list(text(), { max: 1_000 }), ActionName: list(text(), { max: 1_000 }) },
  acrossAccounts: true,
  topic: ({ TopicArn }) => TopicArn,
  check({ Label, AWSAccountId, ActionName }) {
    if (!/^[\w-]{1,80}$/.test(Label)) throw invalidParameter("Label");
    if (AWSAccountId.length === 0) throw invalidParameter("AWSAccountId", "no value for required parameter");
    if (ActionName.length === 0) throw invalidParameter("ActionName", "no value for required parameter");
    if (!AWSAccountId.every((id) => /^\d{12}$/.test(id))) throw invalidParameter("AWSAccountId");
    if (!ActionName.every((name) => TOPIC_ACTIONS.includes(name)))
      throw invalidParameter("Policy", "statement action out of service scope!");
  },
  async run(call, { Label, AWSAccountId, ActionName }) {
    const document = documentOf(call);
    if (document.Statement.some(({ Sid }) => Sid === Label)) throw invalidParameter("Statement already exists");
    const statement = {
      Sid: Label,
      Effect: "Allow",
      Principal: { AWS: oneOrAll(AWSAccountId.map((id) => `arn:aws:iam::${id}:root`)) },
      Action: oneOrAll(ActionName.map((name) => `SNS:${name}`)),
      Resource: call.topic.arn,
    };
    return setPolicy(call, { ...document, Statement: [...document.Statement, statement] });
  },
});

/** Takes a statement out of the topic's policy, whoever put it there. */
export const removePermission = topicOperation({
  fields: labelled,
  acrossAccounts: true,
  topic: ({ TopicArn }) => TopicArn,
  async run(call, { Label }) {
    const document = documentOf(call);
    return setPolicy(call, { ...document, Statement: document.Statement.filter(({ Sid }) => Sid !== Label) });
  },
});

function oneOrAll(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] as string) : values;
}

function documentOf({ topic }: TopicCall): Document {
  const document = JSON.parse(topic.attributes.Policy ?? defaultPolicy(topic.arn, topic.accountId));
  return { ...document, Statement: [document.Statement].flat() };
}

async function setPolicy({ context, memory, topic }: TopicCall, document: Document): Promise<null> {
  const policy = JSON.stringify(document);
  if (document.Statement.length > 0) checkTopicPolicy(policy, topic.arn);
  const { Policy: _, ...others } = topic.attributes;
  const attributes = document.Statement.length === 0 ? others : { ...others, Policy: policy };
  await context.tables.topics.change(topic, { attributes, revision: newRevision(context.random) });
  memory.forget(topic);
  return null;
}
