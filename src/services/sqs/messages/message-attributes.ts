import type { Input } from "../../../protocols/aws-json/fields.ts";
import type { AttributeValue } from "../../../queues/content.ts";
import { invalidParameter } from "../model/errors.ts";
import type { messageFields } from "../model/fields.ts";

const ATTRIBUTES_MAX = 10;

type Given =
  NonNullable<Input<typeof messageFields>["MessageAttributes"]> extends ReadonlyMap<string, infer T> ? T : never;

/**
 * Message attributes with their types, checked. Throws InvalidParameterValue in AWS's words.
 *
 * Follows "Amazon SQS message metadata" in the SQS Developer Guide.
 */
export function readMessageAttributes(given: ReadonlyMap<string, Given>): Map<string, AttributeValue> {
  if (given.size > ATTRIBUTES_MAX) {
    throw invalidParameter(
      `Number of message attributes [${given.size}] exceeds the allowed maximum [${ATTRIBUTES_MAX}].`,
    );
  }
  const read = new Map<string, AttributeValue>();
  for (const [name, value] of given) {
    checkName(name);
    read.set(name, readValue(`Message (user) attribute '${name}'`, value));
  }
  return read;
}

/** The one system attribute that a sender can give. */
export function readTrace(given: ReadonlyMap<string, Given>): AttributeValue | null {
  let trace: AttributeValue | null = null;
  for (const [name, value] of given) {
    const shown = `Message (system) attribute '${name.slice(0, 256)}'`;
    if (name !== "AWSTraceHeader") throw invalidParameter(`${shown} is not a valid system attribute name.`);
    const read = readValue(shown, value);
    if (read.dataType !== "String") throw invalidParameter(`${shown} must be of type 'String'.`);
    trace = read;
  }
  return trace;
}

function checkName(name: string): void {
  const shown = `Message (user) attribute name '${name.slice(0, 256)}'`;
  if (name.length > 256) throw invalidParameter(`${shown} must not be longer than 256 characters.`);
  if (!/^[\w.-]+$/.test(name)) {
    throw invalidParameter(`${shown} can contain alphanumeric characters, underscores, hyphens and periods only.`);
  }
  if (/^(aws|amazon)\./i.test(name))
    throw invalidParameter(`${shown} must not begin with a prefix that is reserved by AWS.`);
  if (/^\.|\.$|\.\./.test(name))
    throw invalidParameter(`${shown} must not begin or end with a period, or have two in succession.`);
}

function readValue(
  shown: string,
  { DataType, StringValue, BinaryValue, StringListValues, BinaryListValues }: Given,
): AttributeValue {
  if (!DataType) throw invalidParameter(`${shown} must contain a non-empty attribute type.`);
  if (DataType.length > 256) throw invalidParameter(`${shown} has a type that is longer than 256 characters.`);
  const [type = ""] = DataType.split(".", 1);
  if (!["String", "Number", "Binary"].includes(type) || !/^[\w.-]+$/.test(DataType)) {
    const message = `The type of ${lowerFirst(shown)} is invalid. You must use only the following supported type prefixes: Binary, Number, String.`;
    throw invalidParameter(message);
  }
  if (StringListValues?.length || BinaryListValues?.length) {
    throw invalidParameter("Message attribute list values in SendMessage operation are not supported.");
  }
  const empty = `${shown} must contain a non-empty value of type '${type === "Binary" ? "Binary" : "String"}'.`;
  if (type === "Binary") {
    if (BinaryValue === undefined || BinaryValue.length === 0) throw invalidParameter(empty);
    return { dataType: DataType, value: { bytes: BinaryValue } };
  }
  if (StringValue === undefined || StringValue === "") throw invalidParameter(empty);
  if (hasForeignCharacter(StringValue)) throw invalidParameter(`${shown} has a value with invalid characters.`);
  if (type === "Number" && !isNumber(StringValue))
    throw invalidParameter(`Could not cast ${lowerFirst(shown)} value to number.`);
  return { dataType: DataType, value: { text: StringValue } };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function isNumber(text: string): boolean {
  return text.length <= 256 && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text);
}

/** A message may have the characters of XML 1.0, without halves of surrogate pairs. */
export function hasForeignCharacter(text: string): boolean {
  return /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text);
}
