import type { Input } from "../../../protocols/aws-query/fields.ts";
import { contentBytes } from "../../../queues/content.ts";
import { isOrderingId } from "../../../queues/settings.ts";
import type { Publication } from "../../../topics/content.ts";
import { settingsOf, topicLimits } from "../../../topics/settings.ts";
import type { TopicCall } from "../model/call.ts";
import { invalidParameter } from "../model/errors.ts";
import type { messageFields } from "../model/fields.ts";
import { readMessageAttributes } from "./message-attributes.ts";

type MessageInput = Input<typeof messageFields> & { readonly Message: string };

/** What is to be published, checked. Throws in AWS's words. */
export function readMessage(call: TopicCall, input: MessageInput): Publication & { readonly sizeBytes: number } {
  const {
    Message: message,
    Subject: subject = null,
    MessageStructure: structure,
    MessageAttributes = new Map(),
  } = input;
  if (message === "") throw invalidParameter("Empty message");
  if (structure !== undefined && structure !== "" && structure !== "json") throw invalidParameter("MessageStructure");
  if (subject !== null) checkSubject(subject);
  const isJson = structure === "json";
  if (isJson) checkStructure(message);
  const attributes = readMessageAttributes(MessageAttributes);
  const sizeBytes = contentBytes({ body: message, attributes });
  if (sizeBytes > topicLimits.messageBytes) throw invalidParameter("Message too long");
  return {
    kind: "Notification",
    message,
    isJson,
    subject,
    attributes,
    token: null,
    sizeBytes,
    ...ordering(call, input),
  };
}

/** The message for each protocol, of which the one for all others must be there. */
function checkStructure(message: string): void {
  let messages: unknown;
  try {
    messages = JSON.parse(message);
  } catch {
    throw invalidParameter("Message Structure - JSON message body failed to parse");
  }
  const isObject = typeof messages === "object" && messages !== null && !Array.isArray(messages);
  if (!isObject || typeof (messages as { default?: unknown }).default !== "string") {
    throw invalidParameter("Message Structure - No default entry in JSON message body");
  }
}

/** UTF-8 without line breaks and control characters, shorter than 100 characters. */
function checkSubject(subject: string): void {
  if (subject === "" || subject.length >= 100 || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(subject)) {
    throw invalidParameter("Subject");
  }
}

function ordering(
  { topic }: TopicCall,
  { MessageGroupId, MessageDeduplicationId }: MessageInput,
): Pick<Publication, "groupId" | "deduplicationId"> {
  const { isFifo, hasContentDeduplication } = settingsOf(topic);
  checkId("MessageGroupId", MessageGroupId);
  checkId("MessageDeduplicationId", MessageDeduplicationId);
  const ids = { groupId: MessageGroupId ?? null, deduplicationId: MessageDeduplicationId ?? null };
  if (!isFifo) {
    if (MessageDeduplicationId !== undefined) {
      throw invalidParameter(
        "MessageDeduplicationId",
        "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
      );
    }
    return ids;
  }
  if (MessageGroupId === undefined) throw invalidParameter("The MessageGroupId parameter is required for FIFO topics");
  if (MessageDeduplicationId === undefined && !hasContentDeduplication) {
    throw invalidParameter(
      "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
  }
  return ids;
}

function checkId(name: string, value: string | undefined): void {
  if (value === undefined || isOrderingId(value)) return;
  throw invalidParameter(name, `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length`);
}
