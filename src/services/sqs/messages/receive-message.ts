import type { JsonAnswer } from "../../../protocols/aws-json/answer.ts";
import type { Input } from "../../../protocols/aws-json/fields.ts";
import { text } from "../../../protocols/aws-json/fields.ts";
import type { AttributeValue } from "../../../queues/content.ts";
import { sequenceText } from "../../../queues/ids.ts";
import { type ReceivedMessage, receiveMessages } from "../../../queues/receive.ts";
import { isFifoName, queueLimits } from "../../../queues/settings.ts";
import { invalidAttribute, invalidValue, sqsError } from "../model/errors.ts";
import { anyInteger, namesField, queueUrlField } from "../model/fields.ts";
import { queueOfUrl, queueOperation } from "../operation.ts";
import { md5OfAttributes, md5OfText } from "./digests.ts";

const SYSTEM_NAMES = new Set([
  ...[
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
  ],
  ...["MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn"],
]);

const fields = {
  ...queueUrlField,
  AttributeNames: namesField,
  MessageSystemAttributeNames: namesField,
  MessageAttributeNames: namesField,
  MaxNumberOfMessages: anyInteger,
  VisibilityTimeout: anyInteger,
  WaitTimeSeconds: anyInteger,
  ReceiveRequestAttemptId: text(),
};

export const receiveMessage = queueOperation({
  fields,
  acrossAccounts: true,
  name: queueOfUrl,
  check,
  async run({ context, queue, signal }, input) {
    const received = await receiveMessages(context, queue, {
      count: input.MaxNumberOfMessages ?? 1,
      visibilitySeconds: input.VisibilityTimeout,
      waitSeconds: input.WaitTimeSeconds,
      attemptId: isFifoName(queue.name) ? (input.ReceiveRequestAttemptId ?? null) : null,
      signal,
    });
    if (received.kind === "over-limit") {
      throw sqsError("OverLimit", `The queue has ${queueLimits.inFlight} messages in flight, and no more may be.`);
    }
    const names = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
    const Messages = received.messages.map((message) => shown(message, names, input.MessageAttributeNames ?? []));
    return Messages.length === 0 ? {} : { Messages };
  },
});

function check(input: Input<typeof fields>): void {
  checkRange("MaxNumberOfMessages", input.MaxNumberOfMessages, "Must be between 1 and 10, if provided.", [1, 10]);
  checkRange("VisibilityTimeout", input.VisibilityTimeout, "Must be between 0 and 43200, if provided.", [0, 43_200]);
  checkRange("WaitTimeSeconds", input.WaitTimeSeconds, "Must be >= 0 and <= 20, if provided.", [0, 20]);
  const attempt = input.ReceiveRequestAttemptId;
  if (attempt !== undefined && !/^[\x21-\x7e]{1,128}$/.test(attempt)) {
    const reason =
      "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.";
    throw invalidValue(attempt, "ReceiveRequestAttemptId", reason);
  }
  const names = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const unknown = names.find((name) => !SYSTEM_NAMES.has(name));
  if (unknown !== undefined) throw invalidAttribute(unknown);
}

function checkRange(
  name: string,
  value: number | undefined,
  reason: string,
  [min, max]: readonly [number, number],
): void {
  if (value !== undefined && (value < min || value > max)) throw invalidValue(value, name, reason);
}

function shown(
  { row, content, receiptHandle }: ReceivedMessage,
  systemNames: readonly string[],
  names: readonly string[],
) {
  const system = systemAttributes({ row, content });
  const asked = [...system].filter(([name]) => systemNames.includes("All") || systemNames.includes(name));
  const attributes = new Map([...content.attributes].filter(([name]) => isAsked(name, names)));
  return {
    MessageId: row.id,
    ReceiptHandle: receiptHandle,
    MD5OfBody: md5OfText(content.body),
    Body: content.body,
    Attributes: asked.length === 0 ? undefined : new Map(asked),
    MD5OfMessageAttributes: md5OfAttributes(attributes),
    MessageAttributes:
      attributes.size === 0 ? undefined : new Map([...attributes].map(([name, value]) => [name, typedValue(value)])),
  };
}

/** `All`, `.*`, a name, or a prefix as `bar.*`. */
function isAsked(name: string, names: readonly string[]): boolean {
  return names.some(
    (one) => one === "All" || one === name || (one.endsWith(".*") && name.startsWith(one.slice(0, -2))),
  );
}

function typedValue({ dataType, value }: AttributeValue): JsonAnswer {
  return "text" in value
    ? { StringValue: value.text, DataType: dataType }
    : { BinaryValue: value.bytes, DataType: dataType };
}

function systemAttributes({ row, content }: Pick<ReceivedMessage, "row" | "content">): Map<string, string> {
  const trace = content.trace !== null && "text" in content.trace.value ? content.trace.value.text : null;
  const all: Record<string, string | null> = {
    SenderId: row.sender,
    SentTimestamp: `${row.sentMs}`,
    ApproximateReceiveCount: `${row.receives}`,
    ApproximateFirstReceiveTimestamp: `${row.firstReceivedMs ?? row.sentMs}`,
    SequenceNumber: row.sequence === null ? null : sequenceText(row.sequence),
    MessageDeduplicationId: row.deduplicationId,
    MessageGroupId: row.lane ?? row.groupId,
    AWSTraceHeader: trace,
    DeadLetterQueueSourceArn: row.source,
  };
  return new Map(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
}
