import type { JsonInput } from "../../../edge/json-service.ts";
import type { JsonValue } from "../../../protocols/aws-json/document.ts";
import type { QueryNode } from "../../../protocols/aws-query/parameters.ts";

/** How a member is sent in a form. */
type Shape =
  | { readonly kind: "text" | "integer" }
  /** `Name.1`, `Name.2` … */
  | { readonly kind: "list"; readonly form: string; readonly item: Shape }
  /** `Name.1.Name` and `Name.1.Value`, or `.Key` and `.Value`. */
  | { readonly kind: "map"; readonly form: string; readonly key: "Name" | "Key"; readonly item: Shape }
  | { readonly kind: "structure"; readonly members: Readonly<Record<string, Shape>> };

const text: Shape = { kind: "text" };
const integer: Shape = { kind: "integer" };
const names = (form: string): Shape => ({ kind: "list", form, item: text });
const tags: Shape = { kind: "map", form: "Tag", key: "Key", item: text };

const attributeValue: Shape = {
  kind: "structure",
  members: {
    StringValue: text,
    BinaryValue: text,
    DataType: text,
    StringListValues: names("StringListValue"),
    BinaryListValues: names("BinaryListValue"),
  },
};

const message: Readonly<Record<string, Shape>> = {
  MessageBody: text,
  DelaySeconds: integer,
  MessageAttributes: { kind: "map", form: "MessageAttribute", key: "Name", item: attributeValue },
  MessageSystemAttributes: { kind: "map", form: "MessageSystemAttribute", key: "Name", item: attributeValue },
  MessageDeduplicationId: text,
  MessageGroupId: text,
};

const receipt: Readonly<Record<string, Shape>> = { ReceiptHandle: text, VisibilityTimeout: integer };

/** All members of all operations, as the model had them before SQS spoke JSON. */
const members: Readonly<Record<string, Shape>> = {
  ...message,
  ...receipt,
  AWSAccountIds: names("AWSAccountId"),
  Actions: names("ActionName"),
  AttributeNames: names("AttributeName"),
  Attributes: { kind: "map", form: "Attribute", key: "Name", item: text },
  DestinationArn: text,
  Label: text,
  MaxNumberOfMessages: integer,
  MaxNumberOfMessagesPerSecond: integer,
  MaxResults: integer,
  MessageAttributeNames: names("MessageAttributeName"),
  MessageSystemAttributeNames: names("MessageSystemAttributeName"),
  NextToken: text,
  QueueName: text,
  QueueNamePrefix: text,
  QueueOwnerAWSAccountId: text,
  QueueUrl: text,
  ReceiveRequestAttemptId: text,
  SourceArn: text,
  TagKeys: names("TagKey"),
  Tags: tags,
  TaskHandle: text,
  WaitTimeSeconds: integer,
  tags,
};

/** The entries of a batch. */
function entries(operation: string): Shape {
  const item: Shape = { kind: "structure", members: { Id: text, ...message, ...receipt } };
  return { kind: "list", form: `${operation}RequestEntry`, item };
}

/** The input of an operation as the JSON protocol has it, of a form. What is no number stays a text, and is refused as one. */
export function toJsonInput(operation: string, root: QueryNode): JsonInput {
  return readMembers({ ...members, ...(operation.endsWith("Batch") && { Entries: entries(operation) }) }, root);
}

function readMembers(shapes: Readonly<Record<string, Shape>>, node: QueryNode): { [name: string]: JsonValue } {
  const read: { [name: string]: JsonValue } = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const value = readValue(shape, "form" in shape ? (node.child(shape.form) ?? node.child(name)) : node.child(name));
    if (value !== undefined) read[name] = value;
  }
  return read;
}

function readValue(shape: Shape, node: QueryNode | undefined): JsonValue | undefined {
  if (node === undefined) return undefined;
  switch (shape.kind) {
    case "text":
      return node.value;
    case "integer":
      return node.value === undefined || node.value === "" ? undefined : toInteger(node.value);
    case "structure":
      return readMembers(shape.members, node);
    case "list":
      return node.items().map((item) => readValue(shape.item, item) ?? null);
    case "map": {
      const pairs = node.items().map((item): [string, JsonValue] => {
        return [item.child(shape.key)?.value ?? "", readValue(shape.item, item.child("Value")) ?? null];
      });
      return Object.fromEntries(pairs);
    }
  }
}

function toInteger(value: string): JsonValue {
  return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}
