import { QueryError } from "../../../protocols/aws-query/error.ts";
import { list, structure, text } from "../../../protocols/aws-query/fields.ts";
import { type Published, publishMessages } from "../../../topics/publish.ts";
import { topicLimits } from "../../../topics/settings.ts";
import { invalidParameter, notBuilt, snsError } from "../model/errors.ts";
import { messageFields, needed } from "../model/fields.ts";
import { topicOperation } from "../operation.ts";
import { readMessage } from "./outgoing.ts";

export const publish = topicOperation({
  fields: { TopicArn: text(), TargetArn: text(), PhoneNumber: text(), Message: needed("Message"), ...messageFields },
  acrossAccounts: true,
  check({ TopicArn, TargetArn, PhoneNumber }) {
    if (PhoneNumber !== undefined) throw notBuilt("PhoneNumber (SMS)");
    if (TopicArn === undefined && TargetArn === undefined)
      throw invalidParameter("TopicArn or TargetArn", "no value for required parameter");
    if (TopicArn !== undefined && TargetArn !== undefined)
      throw invalidParameter("TopicArn or TargetArn", "only one of them is allowed");
    if (TargetArn !== undefined && /:endpoint\//.test(TargetArn)) throw notBuilt("Publishing to a mobile endpoint");
  },
  topic: ({ TopicArn, TargetArn }) => TopicArn ?? TargetArn ?? "",
  async run(call, input) {
    const { sizeBytes: _, ...message } = readMessage(call, input);
    const [published] = await publishMessages(call.context, call.topic, [message]);
    return shown(published as Published);
  },
});

/** The entries that can be published are published in one D1 batch: all of them or none. */
export const publishBatch = topicOperation({
  fields: {
    TopicArn: needed("TopicArn"),
    PublishBatchRequestEntries: list(structure({ Id: text(), Message: text(), ...messageFields }), { max: 1_000 }),
  },
  acrossAccounts: true,
  action: "sns:Publish",
  topic: ({ TopicArn }) => TopicArn,
  check: ({ PublishBatchRequestEntries: entries }) => checkBatch(entries.map(({ Id = "" }) => Id)),
  async run(call, { PublishBatchRequestEntries: entries }) {
    const good: { Id: string; message: ReturnType<typeof readMessage> }[] = [];
    const Failed: Record<string, string | boolean>[] = [];
    for (const { Id = "", Message = "", ...entry } of entries) {
      try {
        good.push({ Id, message: readMessage(call, { ...entry, Message }) });
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: error.type === "Sender" });
      }
    }
    const sizeBytes = good.reduce((sum, { message }) => sum + message.sizeBytes, 0);
    if (sizeBytes > topicLimits.messageBytes) {
      throw snsError(
        "BatchRequestTooLong",
        `The length of all the messages in the batch is more than ${topicLimits.messageBytes} bytes.`,
      );
    }
    const messages = good.map(({ message: { sizeBytes: _, ...message } }) => message);
    const published = messages.length === 0 ? [] : await publishMessages(call.context, call.topic, messages);
    const Successful = good.map(({ Id }, index) => ({ Id, ...shown(published[index] as Published) }));
    return { Successful, Failed };
  },
});

function checkBatch(ids: readonly string[]): void {
  if (ids.length === 0) throw snsError("EmptyBatchRequest", "The batch request doesn't contain any entries.");
  if (ids.length > topicLimits.batchEntries) {
    throw snsError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.");
  }
  if (!ids.every((id) => /^[\w-]{1,80}$/.test(id))) {
    throw snsError(
      "InvalidBatchEntryId",
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    );
  }
  if (new Set(ids).size < ids.length) {
    throw snsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
  }
}

function shown({ messageId, sequence }: Published) {
  return { MessageId: messageId, SequenceNumber: sequence ?? undefined };
}
