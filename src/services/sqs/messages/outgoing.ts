import type { Input } from "../../../protocols/aws-json/fields.ts";
import { contentBytes } from "../../../queues/content.ts";
import type { OutgoingMessage } from "../../../queues/send.ts";
import { isOrderingId, settingsOf } from "../../../queues/settings.ts";
import { type QueueCall, senderOf } from "../model/call.ts";
import { invalidParameter, invalidValue, missingParameter, sqsError } from "../model/errors.ts";
import type { messageFields } from "../model/fields.ts";
import { hasForeignCharacter, readMessageAttributes, readTrace } from "./message-attributes.ts";

type MessageInput = Input<typeof messageFields>;

const unsuitable = "The request include parameter that is not valid for this queue type.";
const contents =
  "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";

/** What is to be sent, checked. Throws in AWS's words. */
export function readMessage(call: QueueCall, input: MessageInput): OutgoingMessage & { readonly sizeBytes: number } {
  const { MessageBody: body, MessageAttributes: given = new Map(), MessageSystemAttributes = new Map() } = input;
  if (body === "") throw missingParameter("MessageBody");
  if (hasForeignCharacter(body)) throw sqsError("InvalidMessageContents", contents);
  const attributes = readMessageAttributes(given);
  const sizeBytes = contentBytes({ body, attributes });
  const { messageBytesMax } = settingsOf(call.queue);
  if (sizeBytes > messageBytesMax) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${messageBytesMax} bytes.`,
    );
  }
  const trace = readTrace(MessageSystemAttributes);
  return { body, attributes, trace, sizeBytes, sender: senderOf(call), ...ordering(call, input) };
}

function ordering(
  { queue }: QueueCall,
  { DelaySeconds: delaySeconds, MessageGroupId, MessageDeduplicationId }: MessageInput,
): Pick<OutgoingMessage, "delaySeconds" | "groupId" | "deduplicationId"> {
  const { isFifo, hasContentDeduplication } = settingsOf(queue);
  if (delaySeconds !== undefined && (delaySeconds < 0 || delaySeconds > 900)) {
    throw invalidValue(delaySeconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.");
  }
  checkId("MessageGroupId", MessageGroupId);
  checkId("MessageDeduplicationId", MessageDeduplicationId);
  const ids = { groupId: MessageGroupId ?? null, deduplicationId: MessageDeduplicationId ?? null };
  if (!isFifo) {
    if (MessageDeduplicationId !== undefined)
      throw invalidValue(MessageDeduplicationId, "MessageDeduplicationId", unsuitable);
    return { delaySeconds, ...ids };
  }
  // The queue's own delay holds for each of its messages.
  if (delaySeconds) throw invalidValue(delaySeconds, "DelaySeconds", unsuitable);
  if (MessageGroupId === undefined) throw missingParameter("MessageGroupId");
  if (MessageDeduplicationId === undefined && !hasContentDeduplication) {
    const message =
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
    throw invalidParameter(message);
  }
  return ids;
}

function checkId(name: string, value: string | undefined): void {
  if (value === undefined || isOrderingId(value)) return;
  throw invalidValue(
    value,
    name,
    `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}
