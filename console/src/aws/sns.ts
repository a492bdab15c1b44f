import { amendPolicy } from "./amend-policy.ts";
import type { AwsClient } from "./client.ts";
import { queueAttributes, setQueueAttributes } from "./sqs.ts";
import { at, children, textAt } from "./xml.ts";

type Parameters = Record<string, string>;

/** Attributes as the query protocol takes them. */
function entries(attributes: Readonly<Record<string, string>>): Parameters {
  const pairs = Object.entries(attributes).flatMap(([key, value], index) => [
    [`Attributes.entry.${index + 1}.key`, key],
    [`Attributes.entry.${index + 1}.value`, value],
  ]);
  return Object.fromEntries(pairs) as Parameters;
}

export type Attributes = Readonly<Record<string, string>>;

function attributesOf(result: Element | null): Attributes {
  const map = at(result, "Attributes");
  const pairs = map === null ? [] : children(map, "entry");
  return Object.fromEntries(pairs.map((entry) => [textAt(entry, "key"), textAt(entry, "value")]));
}

export interface Topic {
  arn: string;
  name: string;
  isFifo: boolean;
}

export function topicOf(arn: string): Topic {
  const name = arn.slice(arn.lastIndexOf(":") + 1);
  return { arn, name, isFifo: name.endsWith(".fifo") };
}

export async function listTopics(client: AwsClient): Promise<Topic[]> {
  return (await client.queryAll("sns", "ListTopics", "Topics")).map((element) => topicOf(textAt(element, "TopicArn")));
}

export async function createTopic(client: AwsClient, name: string, attributes: Attributes): Promise<Topic> {
  return topicOf(textAt(await client.query("sns", "CreateTopic", { Name: name, ...entries(attributes) }), "TopicArn"));
}

export async function deleteTopic(client: AwsClient, arn: string): Promise<void> {
  await client.query("sns", "DeleteTopic", { TopicArn: arn });
}

export async function topicAttributes(client: AwsClient, arn: string): Promise<Attributes> {
  return attributesOf(await client.query("sns", "GetTopicAttributes", { TopicArn: arn }));
}

export async function setTopicAttribute(client: AwsClient, arn: string, name: string, value: string): Promise<void> {
  await client.query("sns", "SetTopicAttributes", { TopicArn: arn, AttributeName: name, AttributeValue: value });
}

export interface Subscription {
  /** Null while it waits for its endpoint to confirm. */
  arn: string | null;
  protocol: string;
  endpoint: string;
}

export async function listSubscriptions(client: AwsClient, topicArn: string): Promise<Subscription[]> {
  const found = await client.queryAll("sns", "ListSubscriptionsByTopic", "Subscriptions", { TopicArn: topicArn });
  return found.map((element) => {
    const arn = textAt(element, "SubscriptionArn");
    return {
      arn: arn.startsWith("arn:") ? arn : null,
      protocol: textAt(element, "Protocol"),
      endpoint: textAt(element, "Endpoint"),
    };
  });
}

export const PROTOCOLS = ["sqs", "https", "http"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

interface NewSubscription {
  protocol: Protocol;
  endpoint: string;
  attributes: Attributes;
}

export async function subscribe(
  client: AwsClient,
  topicArn: string,
  { protocol, endpoint, attributes }: NewSubscription,
): Promise<void> {
  const named = { TopicArn: topicArn, Protocol: protocol, Endpoint: endpoint };
  await client.query("sns", "Subscribe", { ...named, ...entries(attributes) });
}

/** By the token that the endpoint was sent. */
export async function confirmSubscription(client: AwsClient, topicArn: string, token: string): Promise<void> {
  await client.query("sns", "ConfirmSubscription", { TopicArn: topicArn, Token: token });
}

export async function unsubscribe(client: AwsClient, arn: string): Promise<void> {
  await client.query("sns", "Unsubscribe", { SubscriptionArn: arn });
}

export async function subscriptionAttributes(client: AwsClient, arn: string): Promise<Attributes> {
  return attributesOf(await client.query("sns", "GetSubscriptionAttributes", { SubscriptionArn: arn }));
}

export async function setSubscriptionAttribute(
  client: AwsClient,
  arn: string,
  name: string,
  value: string,
): Promise<void> {
  await client.query("sns", "SetSubscriptionAttributes", {
    SubscriptionArn: arn,
    AttributeName: name,
    AttributeValue: value,
  });
}

export interface Publication {
  message: string;
  subject: string;
  /** Of a FIFO topic. */
  group?: string;
  /** Texts that filter policies look at. */
  attributes: readonly { name: string; value: string }[];
}

export async function publish(client: AwsClient, topicArn: string, publication: Publication): Promise<void> {
  const { message, subject, group, attributes } = publication;
  const fifo = group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: crypto.randomUUID() };
  const pairs = attributes.flatMap(({ name, value }, index) => [
    [`MessageAttributes.entry.${index + 1}.Name`, name],
    [`MessageAttributes.entry.${index + 1}.Value.DataType`, "String"],
    [`MessageAttributes.entry.${index + 1}.Value.StringValue`, value],
  ]);
  await client.query("sns", "Publish", {
    TopicArn: topicArn,
    Message: message,
    ...(subject === "" ? {} : { Subject: subject }),
    ...fifo,
    ...(Object.fromEntries(pairs) as Parameters),
  });
}

/** Lets the topic send to the queue, by a statement of the queue's policy. */
export async function allowTopic(client: AwsClient, queueUrl: string, topicArn: string): Promise<void> {
  const { QueueArn = "", Policy = "" } = await queueAttributes(client, queueUrl);
  const amended = amendPolicy(Policy, {
    Sid: `console-${topicArn}`,
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: QueueArn,
    Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
  });
  await setQueueAttributes(client, queueUrl, { Policy: amended });
}
