import { Buffer } from "node:buffer";
import type { Input } from "../../../protocols/aws-query/fields.ts";
import type { AttributeValue } from "../../../queues/content.ts";
import { snsError } from "../model/errors.ts";
import type { messageFields } from "../model/fields.ts";

type Given =
  NonNullable<Input<typeof messageFields>["MessageAttributes"]> extends ReadonlyMap<string, infer T> ? T : never;

/**
 * Message attributes with their types, checked. Throws ParameterValueInvalid.
 *
 * Follows "Amazon SNS message attributes" in the SNS Developer Guide.
 */
export function readMessageAttributes(given: ReadonlyMap<string, Given>): Map<string, AttributeValue> {
  const read = new Map<string, AttributeValue>();
  for (const [name, value] of given) {
    checkName(name);
    read.set(name, readValue(`The message attribute '${name}'`, value));
  }
  return read;
}

function checkName(name: string): void {
  const shown = `The message attribute name '${name.slice(0, 256)}'`;
  if (name === "" || name.length > 256) throw invalid(`${shown} must have 1 to 256 characters.`);
  if (!/^[\w.-]+$/.test(name) || /^\.|\.$|\.\./.test(name)) {
    throw invalid(`${shown} can contain letters, digits, underscores, hyphens and single periods within only.`);
  }
}

function readValue(shown: string, { DataType = "", StringValue, BinaryValue }: Given): AttributeValue {
  const [type = ""] = DataType.split(".", 1);
  if (DataType === "") throw invalid(`${shown} must contain non-empty message attribute type.`);
  if (DataType.length > 256 || !["String", "Number", "Binary"].includes(type) || !/^[\w.-]+$/.test(DataType)) {
    const types = "The supported type prefixes are Binary, Number, and String.";
    throw invalid(
      `${shown} has an invalid message attribute type, the set of supported type prefixes is limited. ${types}`,
    );
  }
  if (type === "Binary") {
    if (BinaryValue === undefined || StringValue !== undefined) throw empty(shown, type);
    const bytes = bytesOf(BinaryValue);
    if (bytes === null || bytes.length === 0) throw empty(shown, type);
    return { dataType: DataType, value: { bytes } };
  }
  if (StringValue === undefined || StringValue === "" || BinaryValue !== undefined) throw empty(shown, "String");
  if (type === "Number") checkNumber(shown, StringValue);
  if (DataType === "String.Array") checkArray(shown, StringValue);
  return { dataType: DataType, value: { text: StringValue } };
}

function checkNumber(shown: string, value: string): void {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) && value.length <= 100) return;
  throw invalid(`${shown} has a value of type Number that is no number.`);
}

function checkArray(shown: string, value: string): void {
  try {
    const items: unknown = JSON.parse(value);
    const isFlat = Array.isArray(items) && items.every((item) => item === null || typeof item !== "object");
    if (isFlat) return;
  } catch {
    // No JSON: refused below.
  }
  throw invalid(
    `${shown} has a value of type String.Array that is no JSON array of strings, numbers, true, false or null.`,
  );
}

function bytesOf(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) return null;
  return new Uint8Array(Buffer.from(text, "base64"));
}

function empty(shown: string, type: string) {
  return invalid(`${shown} must contain non-empty message attribute value for message attribute type '${type}'.`);
}

function invalid(message: string) {
  return snsError("ParameterValueInvalid", message);
}
