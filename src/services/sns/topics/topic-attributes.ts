import { boundAttributes, showPrincipals } from "../../../auth/policy-principals.ts";
import { text } from "../../../protocols/aws-query/fields.ts";
import { newRevision } from "../../../queues/ids.ts";
import { deliveryPolicyOf, effectivePolicy } from "../../../topics/delivery-policy.ts";
import { checkAttribute, shownAttributes, withAttribute } from "../model/attributes.ts";
import { needed } from "../model/fields.ts";
import { topicOperation } from "../operation.ts";

const topicField = { TopicArn: needed("TopicArn") };

export const getTopicAttributes = topicOperation({
  fields: topicField,
  acrossAccounts: true,
  readsTable: true,
  topic: ({ TopicArn }) => TopicArn,
  async run({ context, entities, topic }) {
    const { confirmed, pending, deleted } = await context.tables.topics.counts(topic);
    const policy = deliveryPolicyOf(topic.attributes.DeliveryPolicy, undefined);
    const facts = {
      ...{ TopicArn: topic.arn, Owner: topic.accountId },
      ...{
        SubscriptionsConfirmed: `${confirmed}`,
        SubscriptionsPending: `${pending}`,
        SubscriptionsDeleted: `${deleted}`,
      },
      EffectiveDeliveryPolicy: effectivePolicy(policy, "topic"),
    };
    // The version of signatures is shown where it was chosen.
    const { SignatureVersion: _, ...shown } = shownAttributes(topic);
    const chosen = topic.attributes.SignatureVersion;
    const [Policy = ""] = await showPrincipals(entities, [shown.Policy ?? ""]);
    const all = { ...shown, ...facts, Policy, ...(chosen !== undefined && { SignatureVersion: chosen }) };
    return { Attributes: new Map(Object.entries(all)) };
  },
});

export const setTopicAttributes = topicOperation({
  fields: { ...topicField, AttributeName: needed("AttributeName"), AttributeValue: text() },
  acrossAccounts: true,
  topic: ({ TopicArn }) => TopicArn,
  async run({ context, memory, entities, topic }, { AttributeName: name, AttributeValue: value = "" }) {
    checkAttribute(topic, name, value);
    const bound = await boundAttributes(entities, new Map([[name, value]]));
    const attributes = withAttribute(topic.attributes, name, bound.get(name) ?? value);
    await context.tables.topics.change(topic, { attributes, revision: newRevision(context.random) });
    memory.forget(topic);
    return null;
  },
});
