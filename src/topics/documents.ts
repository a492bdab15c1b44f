import { toBase64 } from "../base/bytes.ts";
import type { PublicationRow } from "../metadata/topics/publications.ts";
import type { SubscriptionRow } from "../metadata/topics/subscriptions.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import { sequenceText } from "../queues/ids.ts";
import type { Publication } from "./content.ts";
import { settingsOf, subscriptionArn, topicArn } from "./settings.ts";
import type { Signer } from "./signers.ts";

/** Where certificates are served; the id follows, and `.pem`. */
const CERTIFICATE_PATH = "/-/sns/SimpleNotificationService-";

export interface Letter {
  readonly topic: TopicRow;
  readonly row: Pick<PublicationRow, "messageId" | "atMs" | "sequence">;
  readonly publication: Publication;
  /** Of the publication, for the subscription's protocol. */
  readonly message: string;
  readonly subscription: Pick<SubscriptionRow, "id" | "protocol" | "origin">;
}

/**
 * The JSON document that a subscription gets unless it wants raw messages, signed.
 *
 * Follows "Parsing Amazon SNS message formats" and "Verifying the signatures of Amazon SNS messages" in the SNS Developer Guide.
 */
export async function documentOf(letter: Letter, signer: Signer): Promise<string> {
  const { topic, row, publication, subscription } = letter;
  const { signatureVersion } = settingsOf(topic);
  const facts = factsOf(letter);
  const Signature = await signer.sign(signatureVersion, textToSign(facts));
  const { Type, MessageId, Token, TopicArn, Subject, Message, SubscribeURL, Timestamp } = facts;
  const isNotification = publication.kind === "Notification";
  const origin = subscription.origin;
  const attributes = Object.fromEntries(
    [...publication.attributes].map(([name, { dataType, value }]) => [
      name,
      { Type: dataType, Value: "text" in value ? value.text : toBase64(value.bytes) },
    ]),
  );
  const document = {
    ...{ Type, MessageId, Token },
    ...(row.sequence !== null && isNotification && { SequenceNumber: sequenceText(row.sequence) }),
    ...{ TopicArn, Subject, Message, SubscribeURL, Timestamp, SignatureVersion: signatureVersion, Signature },
    SigningCertURL: `${origin}${CERTIFICATE_PATH}${signer.certificateId}.pem`,
    ...(isNotification && { UnsubscribeURL: unsubscribeUrl(origin, subscriptionArn(topicArn(topic), subscription)) }),
    ...(publication.attributes.size > 0 && { MessageAttributes: attributes }),
  };
  return JSON.stringify(document, null, 2);
}

type Facts = Readonly<Record<(typeof SIGNED)[number], string | undefined>>;

/** Members that the signature covers, in their order. */
const SIGNED = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const;

function factsOf({ topic, row, publication, message, subscription }: Letter): Facts {
  const { kind, subject, token } = publication;
  const TopicArn = topicArn(topic);
  return {
    Type: kind,
    MessageId: row.messageId,
    Token: token ?? undefined,
    TopicArn,
    Subject: subject ?? undefined,
    Message: message,
    SubscribeURL: token === null ? undefined : confirmUrl(subscription.origin, TopicArn, token),
    Timestamp: new Date(row.atMs).toISOString(),
  };
}

/** Each member that is there, its name and its value on lines of their own. */
function textToSign(facts: Facts): string {
  return SIGNED.map((name) => (facts[name] === undefined ? "" : `${name}\n${facts[name]}\n`)).join("");
}

function confirmUrl(origin: string, topic: string, token: string): string {
  return `${origin}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(topic)}&Token=${token}`;
}

function unsubscribeUrl(origin: string, subscription: string): string {
  return `${origin}/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(subscription)}`;
}

/** The text of a message that tells an endpoint of its subscription. */
export function confirmationText(kind: "SubscriptionConfirmation" | "UnsubscribeConfirmation", topic: string): string {
  if (kind === "SubscriptionConfirmation") {
    return `You have chosen to subscribe to the topic ${topic}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`;
  }
  return `The subscription to the topic ${topic} has ended.\nTo restore it, visit the SubscribeURL included in this message.`;
}
