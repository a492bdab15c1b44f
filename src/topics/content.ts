import { type AttributeValue, decodeContent, encodeContent } from "../queues/content.ts";

/** What a publication says, as the publisher gave it, or as this server tells an endpoint of its subscription. */
export interface Publication {
  readonly kind: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  /** With `isJson`: a JSON object of messages by protocols. */
  readonly message: string;
  readonly isJson: boolean;
  readonly subject: string | null;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly groupId: string | null;
  readonly deduplicationId: string | null;
  /** Of confirmations. */
  readonly token: string | null;
}

/** As one text: a line of JSON, then message and attributes as queues keep theirs. */
export function encodePublication({ message, attributes, ...head }: Publication): string {
  return `${JSON.stringify(head)}\n${encodeContent({ body: message, attributes, trace: null })}`;
}

/** What `encodePublication` was given. */
export function decodePublication(text: string): Publication {
  const end = text.indexOf("\n");
  const { body, attributes } = decodeContent(text.slice(end + 1));
  return {
    ...(JSON.parse(text.slice(0, end)) as Omit<Publication, "message" | "attributes">),
    message: body,
    attributes,
  };
}

/** The message for a protocol. `parsed`: the message as JSON. */
export function messageFor({ message, isJson }: Publication, protocol: string, parsed: () => unknown): string {
  if (!isJson) return message;
  const messages = parsed() as Readonly<Record<string, unknown>>;
  const own = messages[protocol];
  return typeof own === "string" ? own : `${messages.default}`;
}
