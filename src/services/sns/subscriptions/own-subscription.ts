import type { FoundSubscription } from "../../../metadata/topics/subscriptions.ts";
import { parseSubscriptionArn, topicArn } from "../../../topics/settings.ts";
import { accountOf, type SnsCall } from "../model/call.ts";
import { invalidParameter, noSuchSubscription } from "../model/errors.ts";

export interface OwnSubscription extends FoundSubscription {
  /** Of the topic. */
  readonly topicArn: string;
}

/**
 * The subscription that an ARN names, if the caller may do `action` with it: only the accounts of the subscriber and of the topic can, and
 * the caller's own policies decide. Throws NotFound where somebody who could use it asks for one that is not there. One D1 round trip.
 */
export async function demandSubscription(call: SnsCall, action: string, arn: string): Promise<OwnSubscription> {
  const found = await findSubscription(call, arn);
  const accountId = accountOf(call);
  const owners = found === null ? [accountId] : [found.subscription.accountId, found.topic.accountId];
  const owner = owners.find((one) => one === accountId) ?? owners[0] ?? null;
  const context = found === null ? new Map<string, string>() : new Map([["sns:protocol", found.subscription.protocol]]);
  call.caller.demand([{ action, resource: arn, resourceAccountId: owner, context: (key) => context.get(key) }]);
  if (found === null) throw noSuchSubscription();
  return found;
}

/** The same, whoever asks. Throws InvalidParameter for what is no ARN of a subscription. */
export async function findSubscription(call: SnsCall, arn: string): Promise<OwnSubscription | null> {
  const parsed = parseSubscriptionArn(arn);
  if (parsed === null) throw invalidParameter("SubscriptionArn", "it is no ARN of a subscription");
  const found = await call.context.tables.subscriptions.find(parsed.id);
  if (found === null || topicArn(found.topic) !== parsed.topicArn) return null;
  return { ...found, topicArn: parsed.topicArn };
}
