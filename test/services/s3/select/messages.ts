import { EventStreamCodec } from "@smithy/core/event-streams";

export interface Message {
  /** By name, without the colon. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads an event stream by the SDK's own codec, which checks both CRCs of each message. */
export function messagesOf(bytes: Uint8Array): Message[] {
  const codec = new EventStreamCodec(
    (input) => Buffer.from(input).toString(),
    (input) => new Uint8Array(Buffer.from(input)),
  );
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    const { headers, body } = codec.decode(bytes.slice(at, at + length));
    const named = Object.entries(headers).map(([name, { value }]) => [name.slice(1), String(value)]);
    messages.push({ headers: Object.fromEntries(named), body: Buffer.from(body).toString() });
    at += length;
  }
  return messages;
}

/** What the Records messages hold together. */
export function recordsOf(bytes: Uint8Array): string {
  return messagesOf(bytes)
    .filter(({ headers }) => headers["event-type"] === "Records")
    .map(({ body }) => body)
    .join("");
}

export interface Parts {
  readonly expression?: string;
  readonly input?: string;
  readonly output?: string;
  readonly more?: string;
}

const escaped = (text: string) => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);

/** The document of a query: of CSV with a header into CSV, unless told otherwise. */
export function selectDocument({
  expression = "SELECT * FROM S3Object",
  input,
  output,
  more = "",
}: Parts = {}): string {
  return (
    `<SelectObjectContentRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Expression>${escaped(expression)}</Expression>` +
    `<ExpressionType>SQL</ExpressionType><InputSerialization>${input ?? "<CSV><FileHeaderInfo>USE</FileHeaderInfo></CSV>"}` +
    `</InputSerialization><OutputSerialization>${output ?? "<CSV/>"}</OutputSerialization>${more}</SelectObjectContentRequest>`
  );
}
