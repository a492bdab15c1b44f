import type { PublicationRow } from "../metadata/topics/publications.ts";
import type { SubscriptionRow } from "../metadata/topics/subscriptions.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import { isFifoName } from "../queues/settings.ts";
import { decodePublication, messageFor, type Publication } from "./content.ts";
import { documentOf } from "./documents.ts";
import { attributesPass, bodyPasses, type Effort, parseBody } from "./filter-match.ts";
import type { FilterScope } from "./filter-policy.ts";
import { knownFilter } from "./known-filters.ts";
import { digestOf } from "./publish.ts";
import { isTooLarge, type QueueMessage } from "./queue-endpoints.ts";
import { topicLimits } from "./settings.ts";
import type { DeliveryContext } from "./topic-context.ts";

/** A publication that was opened. */
export interface OpenedPublication {
  readonly row: PublicationRow;
  readonly publication: Publication;
  /** The message as `parseBody` has it: parsed once, for the first filter or subscription that asks. */
  parsed(): unknown;
}

export function openedPublication(row: PublicationRow, publication: Publication): OpenedPublication {
  let body: { value: unknown } | null = null;
  return {
    ...{ row, publication },
    parsed() {
      body ??= { value: parseBody(publication.message) };
      return body.value;
    },
  };
}

/** Null: it was sealed under a root secret that is gone. Nobody can read it any more. */
export function openPublication({ sealer }: Pick<DeliveryContext, "sealer">, row: PublicationRow): Publication | null {
  const text = row.sealedAs === null ? row.content : sealer.open("topic-message", row.sealedAs, row.content);
  return text === null ? null : decodePublication(text);
}

/** Whether a subscription wants a message: what its filter policy says. Confirmations reach everybody. */
export function isWanted(
  { attributes }: SubscriptionRow,
  { publication, parsed }: OpenedPublication,
  effort: Effort,
): boolean {
  if (attributes.FilterPolicy === undefined || publication.kind !== "Notification") return true;
  const scope = (attributes.FilterPolicyScope ?? "MessageAttributes") as FilterScope;
  const filter = knownFilter(attributes.FilterPolicy, scope);
  return scope === "MessageBody"
    ? bodyPasses(filter, parsed(), effort)
    : attributesPass(filter, publication.attributes, effort);
}

export function isRaw({ attributes }: Pick<SubscriptionRow, "attributes">, { kind }: Publication): boolean {
  return kind === "Notification" && attributes.RawMessageDelivery === "true";
}

/** What the endpoint of a subscription gets. */
export async function bodyOf(
  { signers, publicOrigin }: Pick<DeliveryContext, "signers" | "publicOrigin">,
  {
    topic,
    subscription,
    opened: { row, publication, parsed },
  }: { topic: TopicRow; subscription: SubscriptionRow; opened: OpenedPublication },
): Promise<string> {
  const message = messageFor(publication, subscription.protocol, parsed);
  if (isRaw(subscription, publication)) return message;
  const addressed = publicOrigin === null ? subscription : { ...subscription, origin: publicOrigin };
  return documentOf({ topic, row, publication, message, subscription: addressed }, await signers.current());
}

/** The same as a message in a queue, or why no queue takes it. */
export function queueMessage(
  body: string,
  { topic, subscription, opened }: { topic: TopicRow; subscription: SubscriptionRow; opened: OpenedPublication },
): QueueMessage | { readonly problem: string } {
  const { publication } = opened;
  const { groupId } = publication;
  const attributes = isRaw(subscription, publication) ? publication.attributes : new Map();
  if (attributes.size > topicLimits.rawAttributes) return { problem: "too many attributes for a raw message" };
  if (isTooLarge({ body, attributes })) return { problem: "larger than a message in a queue may be" };
  // A document names its subscription, so its own digest would be another one at each delivery.
  const deduplicationId = isFifoName(topic.name)
    ? (publication.deduplicationId ?? digestOf(publication.message))
    : opened.row.messageId;
  return { body, attributes, groupId, deduplicationId };
}

/** A message for a dead letter queue, without attributes, which it might not take either; null: it is too large for any queue. */
export function deadLetter(body: string, deduplicationId: string | null): QueueMessage | null {
  const message = { body, attributes: new Map(), groupId: null, deduplicationId };
  return isTooLarge(message) ? null : message;
}
