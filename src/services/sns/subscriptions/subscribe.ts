import { toHex } from "../../../base/bytes.ts";
import type { NewPublication } from "../../../metadata/topics/publishing.ts";
import {
  FILTERS_PER_TOPIC_MAX,
  isSubscribedAlready,
  isSubscriptionChanged,
  type NewSubscription,
  type SubscriptionRow,
} from "../../../metadata/topics/subscriptions.ts";
import { flag, text } from "../../../protocols/aws-query/fields.ts";
import { newMessageId } from "../../../queues/ids.ts";
import { confirmationText } from "../../../topics/documents.ts";
import { sealPublication } from "../../../topics/publish.ts";
import { subscriptionArn } from "../../../topics/settings.ts";
import type { PublishContext } from "../../../topics/topic-context.ts";
import { accountOf, type TopicCall } from "../model/call.ts";
import { invalidParameter, snsError } from "../model/errors.ts";
import { attributesField, needed } from "../model/fields.ts";
import { topicOperation } from "../operation.ts";
import { type Endpoint, readEndpoint } from "./endpoints.ts";
import { mergeAttributes, type SubscriptionAttributes } from "./subscription-attributes.ts";

/** What stands for the ARN of a subscription that waits. */
const PENDING = "pending confirmation";
/** An endpoint is sent its token at most once in this time, however often it is subscribed. */
const RESEND_MS = 60_000;

/**
 * Subscribes an endpoint to a topic. A queue of the caller's own account is confirmed at once; every other endpoint gets a message with a
 * token, and nothing else before somebody sends that back. An endpoint that is subscribed stays so; one that waits gets its token again.
 */
export const subscribe = topicOperation({
  fields: {
    TopicArn: needed("TopicArn"),
    Protocol: needed("Protocol"),
    Endpoint: text(),
    Attributes: attributesField,
    ReturnSubscriptionArn: flag(),
  },
  acrossAccounts: true,
  readsTable: true,
  topic: ({ TopicArn }) => TopicArn,
  context: ({ Protocol, Endpoint: given = "" }) =>
    new Map([
      ["sns:protocol", Protocol],
      ["sns:endpoint", given],
    ]),
  async run(call, { Protocol, Endpoint: given = "", Attributes = new Map(), ReturnSubscriptionArn }) {
    const endpoint = await readEndpoint(call, Protocol, given);
    const accountId = accountOf(call) ?? call.topic.accountId;
    const subject = { protocol: endpoint.protocol, accountId, topic: call.topic };
    const attributes = await mergeAttributes(call, subject, { before: {}, given: Attributes });
    const one = (await findSame(call, endpoint, attributes)) ?? (await make(call, endpoint, attributes));
    const isShown = one.token === null || ReturnSubscriptionArn === true;
    return { SubscriptionArn: isShown ? subscriptionArn(call.topic.arn, one) : PENDING };
  },
});

type Made = Pick<SubscriptionRow, "id" | "token">;

/** The subscription that the endpoint has. Throws InvalidParameter if its attributes are others. */
async function findSame(call: TopicCall, endpoint: Endpoint, attributes: SubscriptionAttributes): Promise<Made | null> {
  const { subscriptions } = call.context.tables;
  const known = await subscriptions.ofEndpoint(call.topic.id, endpoint);
  if (known === null) return null;
  for (const [name, value] of Object.entries(attributes)) {
    if (known.attributes[name] === value) continue;
    throw invalidParameter("Attributes", "Subscription already exists with different attributes");
  }
  if (known.token !== null) {
    const limits = { nowMs: call.nowMs, notSinceMs: call.nowMs - RESEND_MS };
    await subscriptions.sendAgain(known, confirmation(call, known.token), limits);
  }
  return known;
}

async function make(call: TopicCall, endpoint: Endpoint, attributes: SubscriptionAttributes): Promise<Made> {
  const { context, topic, nowMs, origin } = call;
  const accountId = accountOf(call);
  const token = endpoint.ownerAccountId !== null && endpoint.ownerAccountId === accountId ? null : newToken(context);
  const one: NewSubscription = {
    ...{ id: newMessageId(context.random), accountId: accountId ?? topic.accountId, origin, createdMs: nowMs, token },
    ...{ protocol: endpoint.protocol, endpoint: endpoint.endpoint, authenticated: token === null, attributes },
  };
  try {
    await context.tables.subscriptions.create(topic, one, token === null ? null : confirmation(call, token));
    return one;
  } catch (error) {
    if (isSubscriptionChanged(error)) throw tooManyFilters();
    const other = isSubscribedAlready(error) ? await findSame(call, endpoint, attributes) : null;
    if (other === null) throw error;
    return other;
  }
}

export function tooManyFilters(): Error {
  return snsError(
    "FilterPolicyLimitExceeded",
    `A topic can have no more than ${FILTERS_PER_TOPIC_MAX} filter policies.`,
  );
}

/** 256 bits in hex: nobody can guess it. */
export function newToken({ random }: Pick<PublishContext, "random">): string {
  return toHex(random(32));
}

function confirmation(
  call: Pick<TopicCall, "context" | "nowMs"> & { topic: { arn: string } },
  token: string,
): NewPublication {
  return confirmationMessage(call.context, {
    kind: "SubscriptionConfirmation",
    topicArn: call.topic.arn,
    token,
    nowMs: call.nowMs,
  });
}

export function confirmationMessage(
  context: PublishContext,
  about: {
    kind: "SubscriptionConfirmation" | "UnsubscribeConfirmation";
    topicArn: string;
    token: string;
    nowMs: number;
  },
): NewPublication {
  const { kind, topicArn, token, nowMs } = about;
  const message = confirmationText(kind, topicArn);
  return sealPublication(
    context,
    { kind, message, isJson: false, subject: null, attributes: new Map(), groupId: null, deduplicationId: null, token },
    nowMs,
  );
}
