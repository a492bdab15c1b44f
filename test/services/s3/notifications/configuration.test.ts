import { describe, expect, it } from "vitest";
import { readXml } from "../../../../src/protocols/rest-xml/read.ts";
import { requireShape } from "../../../../src/protocols/rest-xml/shape.ts";
import {
  NOTIFICATION_SHAPE,
  notificationDocument,
  parseNotificationConfiguration,
} from "../../../../src/services/s3/notifications/configuration.ts";

const QUEUE = "arn:aws:sqs:us-east-1:100000000001:q";

function parse(inner: string) {
  const bytes = new TextEncoder().encode(`<NotificationConfiguration>${inner}</NotificationConfiguration>`);
  const root = readXml(bytes, "NotificationConfiguration");
  requireShape(root, NOTIFICATION_SHAPE);
  let made = 0;
  return parseNotificationConfiguration(root, () => {
    made += 1;
    return `made-${made}`;
  });
}

function queue({ id = "", arn = QUEUE, events = ["s3:ObjectCreated:*"], filter = "" } = {}): string {
  const listed = events.map((event) => `<Event>${event}</Event>`).join("");
  const idElement = id === "" ? "" : `<Id>${id}</Id>`;
  return `<QueueConfiguration>${idElement}<Queue>${arn}</Queue>${listed}${filter}</QueueConfiguration>`;
}

function filter(...rules: [string, string][]): string {
  const written = rules.map(([name, value]) => `<FilterRule><Name>${name}</Name><Value>${value}</Value></FilterRule>`);
  return `<Filter><S3Key>${written.join("")}</S3Key></Filter>`;
}

describe("a notification configuration", () => {
  it("is read with all kinds of targets", () => {
    const topic =
      "<TopicConfiguration><Topic>arn:aws:sns:us-east-1:100000000001:t</Topic><Event>s3:ObjectTagging:*</Event></TopicConfiguration>";
    const lambda =
      "<CloudFunctionConfiguration><Id>f</Id><CloudFunction>arn:aws:lambda:us-east-1:100000000001:function:f</CloudFunction>" +
      "<Event>s3:ObjectRemoved:Delete</Event></CloudFunctionConfiguration>";
    const filtered = queue({ filter: filter(["prefix", "in/"], ["Suffix", ".jpg"]) });
    const found = parse(`${topic}${filtered}${lambda}<EventBridgeConfiguration/>`);
    expect(found.eventBridge).toBe(true);
    expect(found.rules.map(({ id, kind, prefix, suffix }) => [id, kind, prefix, suffix])).toEqual([
      ["made-1", "topic", null, null],
      ["made-2", "queue", "in/", ".jpg"],
      ["f", "function", null, null],
    ]);
  });

  it("comes back as it was put", () => {
    const inner = queue({
      id: "one",
      events: ["s3:ObjectCreated:Put", "s3:ObjectAcl:Put"],
      filter: filter(["Prefix", "a b&amp;c"]),
    });
    const document = notificationDocument(parse(inner));
    expect(document).toContain(inner);
    const again = document
      .replace(/^[\s\S]*?<NotificationConfiguration[^>]*>/, "")
      .replace("</NotificationConfiguration>", "");
    expect(parse(again)).toEqual(parse(inner));
  });

  it.each([
    ["no event", queue({ events: [] }), "MalformedXML"],
    ["no target", "<QueueConfiguration><Event>s3:ObjectCreated:*</Event></QueueConfiguration>", "MalformedXML"],
    ["an unknown event", queue({ events: ["s3:ObjectEaten"] }), "InvalidArgument"],
    ["a topic as a queue", queue({ arn: "arn:aws:sns:us-east-1:100000000001:q" }), "InvalidArgument"],
    ["no ARN", queue({ arn: "https://example.com" }), "InvalidArgument"],
    ["an ARN that is too long", queue({ arn: `${QUEUE}${"x".repeat(512)}` }), "InvalidArgument"],
    ["a space in the ARN", queue({ arn: `${QUEUE} q` }), "InvalidArgument"],
    [
      "an id twice",
      queue({ id: "x", filter: filter(["prefix", "a"]) }) + queue({ id: "x", filter: filter(["prefix", "b"]) }),
      "InvalidArgument",
    ],
    ["rules that overlap", queue() + queue({ id: "y" }), "InvalidArgument"],
    ["a filter of another name", queue({ filter: filter(["infix", "a"]) }), "InvalidArgument"],
    ["two prefixes", queue({ filter: filter(["prefix", "a"], ["prefix", "b"]) }), "InvalidArgument"],
    ["a prefix that is too long", queue({ filter: filter(["prefix", "ü".repeat(513)]) }), "InvalidArgument"],
    ["an id that is too long", queue({ id: "i".repeat(256) }), "InvalidArgument"],
    [
      "101 rules",
      Array.from({ length: 101 }, (_, n) => queue({ filter: filter(["prefix", `${n}/`]) })).join(""),
      "InvalidArgument",
    ],
  ])("is refused with %s", (_, inner, code) => {
    expect(() => parse(inner)).toThrow(expect.objectContaining({ code }));
  });

  it("is refused with elements that S3 does not know", () => {
    expect(() => parse(queue({ filter: "<Nonsense/>" }))).toThrow(expect.objectContaining({ name: "MalformedXml" }));
  });

  it("may name a Cloudflare Queue", () => {
    expect(parse(queue({ arn: "arn:cloudflare:queues:::JOBS" })).rules[0]?.target).toBe("arn:cloudflare:queues:::JOBS");
  });
});
