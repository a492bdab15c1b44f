import { blob, integer, list, map, required, structure, text } from "../../../protocols/aws-json/fields.ts";

/** Members that several operations have. What a value may be is checked where its error is known. */
export const queueUrlField = { QueueUrl: required(text()) };

/** Whose range is checked where its error is known. */
export const anyInteger = integer({ min: -2_147_483_648, max: 2_147_483_647 });

const attributeValue = structure({
  StringValue: text(),
  BinaryValue: blob({ max: 1_048_576 }),
  StringListValues: list(text(), { max: 1_000 }),
  BinaryListValues: list(blob({ max: 1_048_576 }), { max: 1_000 }),
  DataType: text(),
});

export const messageFields = {
  MessageBody: required(text()),
  DelaySeconds: anyInteger,
  MessageAttributes: map(attributeValue, { max: 1_000 }),
  MessageSystemAttributes: map(attributeValue, { max: 1_000 }),
  MessageDeduplicationId: text(),
  MessageGroupId: text(),
};

export const attributesField = map(text(), { max: 100 });
export const tagsField = map(text(), { max: 1_000 });
export const namesField = list(text(), { max: 1_000 });

export const pageFields = { NextToken: text(), MaxResults: anyInteger };
