import type { JsonError } from "../../../protocols/aws-json/error.ts";
import { list, required, structure, text } from "../../../protocols/aws-json/fields.ts";
import { deleteMessages, hideMessages, type Settled } from "../../../queues/settle.ts";
import { type BatchFailure, batchFailure, invalidValue, missingParameter, sqsError } from "../model/errors.ts";
import { anyInteger, queueUrlField } from "../model/fields.ts";
import { queueOfUrl, queueOperation } from "../operation.ts";
import { checkBatch, readEntries } from "./batch.ts";

export const deleteMessage = queueOperation({
  fields: { ...queueUrlField, ReceiptHandle: required(text()) },
  acrossAccounts: true,
  name: queueOfUrl,
  async run({ context, queue }, { ReceiptHandle: handle }) {
    const [settled] = await deleteMessages(context, queue, [handle]);
    throwFailure(settled, handle);
    return null;
  },
});

export const deleteMessageBatch = queueOperation({
  fields: {
    ...queueUrlField,
    Entries: required(list(structure({ Id: required(text()), ReceiptHandle: required(text()) }), { max: 1_000 })),
  },
  acrossAccounts: true,
  action: "sqs:DeleteMessage",
  name: queueOfUrl,
  check: ({ Entries }) =>
    checkBatch(
      Entries.map(({ Id }) => Id),
      "DeleteMessageBatchRequestEntry",
    ),
  async run({ context, queue }, { Entries }) {
    const settled = await deleteMessages(
      context,
      queue,
      Entries.map(({ ReceiptHandle }) => ReceiptHandle),
    );
    return batchResult(Entries, settled);
  },
});

export const changeMessageVisibility = queueOperation({
  fields: { ...queueUrlField, ReceiptHandle: required(text()), VisibilityTimeout: required(anyInteger) },
  acrossAccounts: true,
  name: queueOfUrl,
  check: ({ VisibilityTimeout }) => checkSeconds(VisibilityTimeout),
  async run({ context, queue }, { ReceiptHandle: handle, VisibilityTimeout: seconds }) {
    const [settled] = await hideMessages(context, queue, [{ handle, seconds }]);
    throwFailure(settled, handle, seconds);
    return null;
  },
});

export const changeMessageVisibilityBatch = queueOperation({
  fields: {
    ...queueUrlField,
    Entries: required(
      list(structure({ Id: required(text()), ReceiptHandle: required(text()), VisibilityTimeout: anyInteger }), {
        max: 1_000,
      }),
    ),
  },
  acrossAccounts: true,
  action: "sqs:ChangeMessageVisibility",
  name: queueOfUrl,
  check: ({ Entries }) =>
    checkBatch(
      Entries.map(({ Id }) => Id),
      "ChangeMessageVisibilityBatchRequestEntry",
    ),
  async run({ context, queue }, { Entries }) {
    const { good, failed } = readEntries(Entries, ({ ReceiptHandle, VisibilityTimeout }) => {
      if (VisibilityTimeout === undefined) throw missingParameter("VisibilityTimeout");
      checkSeconds(VisibilityTimeout);
      return { handle: ReceiptHandle, seconds: VisibilityTimeout };
    });
    const hidings = good.map(({ value }) => value);
    const settled = hidings.length === 0 ? [] : await hideMessages(context, queue, hidings);
    const asked = good.map(({ Id, value }) => ({ Id, ReceiptHandle: value.handle, seconds: value.seconds }));
    const { Successful, Failed } = batchResult(asked, settled);
    return { Successful, Failed: [...failed, ...Failed] };
  },
});

function checkSeconds(seconds: number): void {
  if (seconds >= 0 && seconds <= 43_200) return;
  throw invalidValue(seconds, "VisibilityTimeout", "Must be between 0 and 43200, if provided.");
}

function batchResult(
  entries: readonly { readonly Id: string; readonly ReceiptHandle: string; readonly seconds?: number }[],
  settled: readonly Settled[],
): { Successful: { Id: string }[]; Failed: BatchFailure[] } {
  const Successful: { Id: string }[] = [];
  const Failed: BatchFailure[] = [];
  for (const [index, { Id, ReceiptHandle, seconds }] of entries.entries()) {
    const error = failureOf(settled[index], ReceiptHandle, seconds);
    if (error === null) Successful.push({ Id });
    else Failed.push(batchFailure(Id, error));
  }
  return { Successful, Failed };
}

function throwFailure(settled: Settled | undefined, handle: string, seconds?: number): void {
  const error = failureOf(settled, handle, seconds);
  if (error !== null) throw error;
}

function failureOf(settled: Settled | undefined, handle: string, seconds = 0): JsonError | null {
  switch (settled?.kind) {
    case "done":
      return null;
    case "expired":
      return invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.");
    case "not-there":
      return invalidValue(
        handle,
        "ReceiptHandle",
        "Message does not exist or is not available for visibility timeout change.",
      );
    case "too-long":
      return invalidValue(
        seconds,
        "VisibilityTimeout",
        "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].",
      );
    case "invalid":
    case undefined:
      return sqsError(
        "ReceiptHandleIsInvalid",
        `The input receipt handle "${handle.slice(0, 256)}" is not a valid receipt handle.`,
      );
  }
}
