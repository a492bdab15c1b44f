import { type Field, map, structure, text } from "../../../protocols/aws-query/fields.ts";
import { invalidParameter } from "./errors.ts";

/** A text that must be there. Throws InvalidParameter, as SNS does. */
export function needed(name: string): Field<string> {
  return {
    read(node) {
      const value = node?.value;
      if (value === undefined || value === "") throw invalidParameter(name, "no value for required parameter");
      return value;
    },
  };
}

/** Attributes of topics and subscriptions. */
export const attributesField = map(text(), { max: 100 });

const messageAttributesField = map(structure({ DataType: text(), StringValue: text(), BinaryValue: text() }), {
  max: 1_000,
  key: "Name",
  value: "Value",
});

/** Members of Publish, and of one entry of PublishBatch. */
export const messageFields = {
  Subject: text(),
  MessageStructure: text(),
  MessageAttributes: messageAttributesField,
  MessageDeduplicationId: text(),
  MessageGroupId: text(),
};
