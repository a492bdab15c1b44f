import { isSubscriptionChanged } from "../../../metadata/topics/subscriptions.ts";
import { text } from "../../../protocols/aws-query/fields.ts";
import { PENDING_MS, parseTopicArn, subscriptionArn, topicArn } from "../../../topics/settings.ts";
import { invalidParameter, noSuchSubscription, noSuchTopic } from "../model/errors.ts";
import { needed } from "../model/fields.ts";
import { readInput, type SnsOperation } from "../operation.ts";
import { demandSubscription, findSubscription } from "./own-subscription.ts";
import { confirmationMessage, newToken } from "./subscribe.ts";

/** Confirms a subscription by its token, which is all that it takes: nobody need sign. */
export const confirmSubscription: SnsOperation = {
  async run(call, action, parameters) {
    const fields = { TopicArn: needed("TopicArn"), Token: needed("Token"), AuthenticateOnUnsubscribe: text() };
    const { TopicArn, Token, AuthenticateOnUnsubscribe } = readInput(fields, parameters);
    const { caller, context, nowMs } = call;
    const isSigned = caller.principal.kind !== "anonymous";
    const name = parseTopicArn(TopicArn);
    if (name === null) throw invalidParameter("TopicArn");
    const demandsSignature = AuthenticateOnUnsubscribe?.toLowerCase() === "true";
    // Whoever signs must be allowed to; and only they can demand a signature for the end of the subscription.
    if (isSigned) caller.demand([{ action, resource: TopicArn, resourceAccountId: null }]);
    else if (demandsSignature) throw invalidParameter("AuthenticateOnUnsubscribe", "the request must be signed");
    const topic = await context.tables.topics.find(name.accountId, name.name);
    if (topic === null || topicArn(topic) !== TopicArn) throw noSuchTopic();
    const waiting = await context.tables.subscriptions.ofToken(topic.id, Token);
    if (waiting === null || nowMs - waiting.createdMs > PENDING_MS) throw invalidParameter("Token");
    try {
      await context.tables.subscriptions.confirm(waiting, demandsSignature);
    } catch (error) {
      if (!isSubscriptionChanged(error)) throw error;
      throw invalidParameter("Token");
    }
    return { SubscriptionArn: subscriptionArn(TopicArn, waiting) };
  },
};

/**
 * Ends a subscription. Without a signature its endpoint is told, with a token that restores it; unless a signature was demanded when it was
 * confirmed.
 */
export const unsubscribe: SnsOperation = {
  async run(call, action, parameters) {
    const { SubscriptionArn } = readInput({ SubscriptionArn: needed("SubscriptionArn") }, parameters);
    const { subscriptions } = call.context.tables;
    if (call.caller.principal.kind !== "anonymous") {
      await subscriptions.remove((await demandSubscription(call, action, SubscriptionArn)).subscription);
      return null;
    }
    const found = await findSubscription(call, SubscriptionArn);
    if (found === null || found.subscription.token !== null) throw noSuchSubscription();
    const { subscription, topicArn: arn } = found;
    // Not told from one that may not: throws what a denied caller gets.
    if (subscription.authenticated) await demandSubscription(call, action, SubscriptionArn);
    const token = newToken(call.context);
    const about = { kind: "UnsubscribeConfirmation", topicArn: arn, token, nowMs: call.nowMs } as const;
    try {
      const message = confirmationMessage(call.context, about);
      await subscriptions.suspend(subscription, { token, nowMs: call.nowMs, message });
    } catch (error) {
      if (!isSubscriptionChanged(error)) throw error;
      throw noSuchSubscription();
    }
    return null;
  },
};
