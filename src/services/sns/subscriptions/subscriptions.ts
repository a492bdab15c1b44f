import { isSubscriptionChanged, type ListedSubscription } from "../../../metadata/topics/subscriptions.ts";
import { text } from "../../../protocols/aws-query/fields.ts";
import { deliveryPolicyOf, effectivePolicy } from "../../../topics/delivery-policy.ts";
import { subscriptionArn } from "../../../topics/settings.ts";
import { maskedUrl } from "../../../topics/webhook.ts";
import { accountOf } from "../model/call.ts";
import { invalidParameter, snsError } from "../model/errors.ts";
import { needed } from "../model/fields.ts";
import { cutPage, PAGE_ITEMS, pageStart } from "../model/pages.ts";
import { readInput, type SnsOperation, topicOperation } from "../operation.ts";
import { demandSubscription } from "./own-subscription.ts";
import { tooManyFilters } from "./subscribe.ts";
import { mergeAttributes } from "./subscription-attributes.ts";

const subscriptionField = { SubscriptionArn: needed("SubscriptionArn") };

export const getSubscriptionAttributes: SnsOperation = {
  async run(call, action, parameters) {
    const { SubscriptionArn } = readInput(subscriptionField, parameters);
    const { subscription, topic, topicArn } = await demandSubscription(call, action, SubscriptionArn);
    const { attributes, protocol, endpoint, accountId, token, authenticated } = subscription;
    const policy = deliveryPolicyOf(topic.attributes.DeliveryPolicy, attributes.DeliveryPolicy);
    const all = {
      ...{ SubscriptionArn, TopicArn: topicArn, Owner: accountId, Protocol: protocol, Endpoint: maskedUrl(endpoint) },
      ...{ PendingConfirmation: `${token !== null}`, ConfirmationWasAuthenticated: `${authenticated}` },
      RawMessageDelivery: "false",
      ...(protocol !== "sqs" && { EffectiveDeliveryPolicy: effectivePolicy(policy, "subscription") }),
      ...(attributes.FilterPolicy !== undefined && { FilterPolicyScope: "MessageAttributes" }),
      ...attributes,
    };
    return { Attributes: new Map(Object.entries(all)) };
  },
};

export const setSubscriptionAttributes: SnsOperation = {
  async run(call, action, parameters) {
    const fields = { ...subscriptionField, AttributeName: needed("AttributeName"), AttributeValue: text() };
    const { SubscriptionArn, AttributeName, AttributeValue = "" } = readInput(fields, parameters);
    const { subscription, topic } = await demandSubscription(call, action, SubscriptionArn);
    const given = new Map([[AttributeName, AttributeValue]]);
    const subject = { protocol: subscription.protocol, accountId: subscription.accountId, topic };
    const attributes = await mergeAttributes(call, subject, { before: subscription.attributes, given });
    try {
      await call.context.tables.subscriptions.change(subscription, attributes);
    } catch (error) {
      if (!isSubscriptionChanged(error)) throw error;
      // Only one more filter can be too many.
      const addsFilter = attributes.FilterPolicy !== undefined && subscription.attributes.FilterPolicy === undefined;
      if (addsFilter) throw tooManyFilters();
      throw snsError("ConcurrentAccess", "The subscription is being changed by another request.");
    }
    return null;
  },
};

export const listSubscriptionsByTopic = topicOperation({
  fields: { TopicArn: needed("TopicArn"), NextToken: text() },
  acrossAccounts: true,
  readsTable: true,
  topic: ({ TopicArn }) => TopicArn,
  async run({ context, topic }, { NextToken: token }) {
    return shownPage(await context.tables.subscriptions.ofTopic(topic.id, placeOf(token), PAGE_ITEMS));
  },
});

/** The subscriptions that the caller's account has made. */
export const listSubscriptions: SnsOperation = {
  async run(call, action, parameters) {
    const { NextToken: token } = readInput({ NextToken: text() }, parameters);
    const accountId = accountOf(call);
    const resource = `arn:aws:sns:${call.region}:${accountId ?? ""}:*`;
    call.caller.demand([{ action, resource, resourceAccountId: accountId }]);
    if (accountId === null) throw new Error("a caller without an account was allowed to list its subscriptions");
    return shownPage(await call.context.tables.subscriptions.ofAccount(accountId, placeOf(token), PAGE_ITEMS));
  },
};

function placeOf(token: string | undefined): number {
  const start = pageStart(token);
  if (start === "") return 0;
  if (/^\d{1,15}$/.test(start)) return Number(start);
  throw invalidParameter("NextToken", "Invalid or expired next token.");
}

function shownPage(rows: readonly ListedSubscription[]) {
  const { page, NextToken } = cutPage(rows, ({ place }) => `${place}`);
  const Subscriptions = page.map((row) => ({
    SubscriptionArn: row.token === null ? subscriptionArn(row.topicArn, row) : "PendingConfirmation",
    ...{ Owner: row.accountId, Protocol: row.protocol, Endpoint: maskedUrl(row.endpoint), TopicArn: row.topicArn },
  }));
  return { Subscriptions, NextToken };
}
