import { Buffer } from "node:buffer";

/** A message attribute, or a system attribute, with its type: `String`, `Number.java`, `Binary`. */
export interface AttributeValue {
  readonly dataType: string;
  readonly value: { readonly text: string } | { readonly bytes: Uint8Array };
}

/** What the sender gave. */
export interface Content {
  readonly body: string;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** AWSTraceHeader. */
  readonly trace: AttributeValue | null;
}

/** What counts for the limits of queues and topics: the body, and names, types and values of the attributes, in bytes of UTF-8. */
export function contentBytes({ body, attributes }: Pick<Content, "body" | "attributes">): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { dataType, value }] of attributes) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(dataType);
    bytes += "text" in value ? Buffer.byteLength(value.text) : value.bytes.length;
  }
  return bytes;
}

/**
 * The content as one text: each part with its length in UTF-16 units before it. Unlike JSON it escapes nothing, so a message of the
 * largest size stays below D1's 2 MB a row, encrypted too.
 */
export function encodeContent({ body, attributes, trace }: Content): string {
  const parts = [body];
  const add = (name: string, { dataType, value }: AttributeValue) => {
    if ("text" in value) parts.push(name, dataType, "s", value.text);
    else parts.push(name, dataType, "b", toBase64(value.bytes));
  };
  if (trace !== null) add("", trace);
  for (const [name, attribute] of attributes) add(name, attribute);
  return parts.map((part) => `${part.length}:${part}`).join("");
}

/** What `encodeContent` was given. Throws an `Error` for anything else: that is a bug. */
export function decodeContent(text: string): Content {
  const [body, ...parts] = split(text);
  if (body === undefined || parts.length % 4 !== 0) throw new Error("the content of a message cannot be read");
  const attributes = new Map<string, AttributeValue>();
  let trace: AttributeValue | null = null;
  for (let at = 0; at < parts.length; at += 4) {
    const [name, dataType, kind, value] = parts.slice(at, at + 4) as [string, string, string, string];
    const attribute = { dataType, value: kind === "s" ? { text: value } : { bytes: fromBase64(value) } };
    if (name === "") trace = attribute;
    else attributes.set(name, attribute);
  }
  return { body, attributes, trace };
}

function split(text: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(":", at);
    const length = Number(text.slice(at, colon));
    if (colon < 0 || !Number.isInteger(length)) throw new Error("the content of a message cannot be read");
    parts.push(text.slice(colon + 1, colon + 1 + length));
    at = colon + 1 + length;
  }
  return parts;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
