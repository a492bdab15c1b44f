import { list, required, structure, text } from "../../../protocols/aws-json/fields.ts";
import { sequenceText } from "../../../queues/ids.ts";
import { type OutgoingMessage, type SentMessage, sendMessages } from "../../../queues/send.ts";
import { isFifoName, queueLimits } from "../../../queues/settings.ts";
import type { QueueCall } from "../model/call.ts";
import { invalidParameter, sqsError } from "../model/errors.ts";
import { messageFields, queueUrlField } from "../model/fields.ts";
import { queueOfUrl, queueOperation } from "../operation.ts";
import { checkBatch, readEntries } from "./batch.ts";
import { md5OfAttributes, md5OfText } from "./digests.ts";
import { readMessage } from "./outgoing.ts";

export const sendMessage = queueOperation({
  fields: { ...queueUrlField, ...messageFields },
  acrossAccounts: true,
  name: queueOfUrl,
  async run(call, input) {
    const message = readMessage(call, input);
    const [sent] = await sendMessages(call.context, call.queue, [message]);
    return shown(message, sent as SentMessage);
  },
});

/** The entries that can be sent are sent in one D1 batch: all of them or none. */
export const sendMessageBatch = queueOperation({
  fields: {
    ...queueUrlField,
    Entries: required(list(structure({ Id: required(text()), ...messageFields }), { max: 1_000 })),
  },
  acrossAccounts: true,
  action: "sqs:SendMessage",
  name: queueOfUrl,
  check({ Entries }) {
    const ids = Entries.map(({ Id }) => Id);
    checkBatch(ids, "SendMessageBatchRequestEntry");
  },
  async run(call, { Entries }) {
    if (isFifoName(call.queue.name) && Entries.some(({ MessageGroupId }) => MessageGroupId === undefined)) {
      throw invalidParameter("The request must contain the parameter MessageGroupId.");
    }
    const { good, failed } = readEntries(Entries, (entry) => readMessage(call, entry));
    const sizeBytes = good.reduce((sum, { value }) => sum + value.sizeBytes, 0);
    if (sizeBytes > queueLimits.messageBytes) {
      const message = `Batch requests cannot be longer than ${queueLimits.messageBytes} bytes. You have sent ${sizeBytes} bytes.`;
      throw sqsError("BatchRequestTooLong", message);
    }
    const sent = await sendAll(
      call,
      good.map(({ value }) => value),
    );
    const Successful = good.map(({ Id, value }, index) => ({ Id, ...shown(value, sent[index] as SentMessage) }));
    return { Successful, Failed: failed };
  },
});

function sendAll({ context, queue }: QueueCall, messages: readonly OutgoingMessage[]): Promise<SentMessage[]> {
  return messages.length === 0 ? Promise.resolve([]) : sendMessages(context, queue, messages);
}

function shown({ body, attributes, trace }: OutgoingMessage, { messageId, sequence }: SentMessage) {
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5OfText(body),
    MD5OfMessageAttributes: md5OfAttributes(attributes),
    MD5OfMessageSystemAttributes: trace === null ? undefined : md5OfAttributes(new Map([["AWSTraceHeader", trace]])),
    SequenceNumber: sequence === null ? undefined : sequenceText(sequence),
  };
}
