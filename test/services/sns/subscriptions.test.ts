import { createPublicKey, verify, X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT, attributes, entries, mapOf, SnsRig, textOf, textsOf } from "./support/sns.ts";

let rig: SnsRig;
let topic: string;
beforeEach(async () => {
  rig = await SnsRig.open();
  topic = await rig.topic("news");
});
afterEach(() => rig.dispose());

const HOOK = "https://hooks.example.com/in?x=1";

describe("a queue", () => {
  it("gets documents, once, whoever delivers", { tags: ["slow"] }, async () => {
    const { url, arn } = await rig.queue("q");
    const subscription = await rig.subscribe(topic, arn);
    expect(subscription.startsWith(`${topic}:`)).toBe(true);
    const id = await rig.publish(topic, "hello", {
      Subject: "Greeting",
      ...attributes({ n: ["Number", "7"], b: ["Binary", "AQI="] }),
    });
    await Promise.all([rig.deliver(), rig.deliver()]);
    const [message, ...more] = await rig.received(url);
    expect(more).toEqual([]);
    const document = JSON.parse(message.Body);
    expect(document).toMatchObject({
      ...{ Type: "Notification", MessageId: id, TopicArn: topic, Subject: "Greeting", Message: "hello" },
      ...{ Timestamp: "2026-11-29T06:00:00.000Z", SignatureVersion: "1" },
      UnsubscribeURL: `http://sns.test/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(subscription)}`,
      MessageAttributes: { n: { Type: "Number", Value: "7" }, b: { Type: "Binary", Value: "AQI=" } },
    });
    expect(message.MessageAttributes).toBeUndefined();
    expect([await rig.rows("publications"), await rig.rows("deliveries")]).toEqual([0, 0]);
  });

  it("gets raw messages with their attributes if it wants them", { tags: ["slow"] }, async () => {
    const { url, arn } = await rig.queue("q");
    await rig.subscribe(topic, arn, { RawMessageDelivery: "true" });
    await rig.publish(topic, "hello", attributes({ color: ["String", "red"] }));
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`a${at}`, ["String", "x"] as const]));
    await rig.publish(topic, "too many", attributes(many));
    await rig.deliver();
    const received = await rig.received(url);
    expect(received.map(({ Body, MessageAttributes }) => [Body, MessageAttributes])).toEqual([
      ["hello", { color: { StringValue: "red", DataType: "String" } }],
    ]);
    expect(rig.told[0]).toMatch(/too many attributes for a raw message\); they are dropped$/);
  });

  it("that refuses, or is gone, costs the message unless there is a dead letter queue", async () => {
    const dead = await rig.queue("dead");
    await rig.sqs.queue("closed");
    await rig.subscribe(topic, rig.sqs.arn("closed"), {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    });
    const gone = await rig.queue("gone");
    await rig.subscribe(topic, gone.arn);
    await rig.sqs.ok("DeleteQueue", { QueueUrl: gone.url });
    await rig.publish(topic, "hello");
    await rig.deliver();
    expect(await rig.texts(dead.url)).toEqual(["hello"]);
    expect(rig.told.map((line) => /\(.*$/.exec(line)?.[0])).toEqual([
      `(the policy of the queue does not allow the topic to send); they go to ${dead.arn}`,
      "(the queue does not exist); they are dropped",
    ]);
    expect(await rig.rows("publications")).toBe(0);
  });

  it("of a policy for another topic's messages gets none", async () => {
    const arn = rig.sqs.arn("picky");
    const statement = {
      ...{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: arn },
      Condition: { ArnEquals: { "aws:SourceArn": topic } },
    };
    const url = await rig.sqs.queue("picky", {
      Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    });
    const other = await rig.topic("other");
    for (const one of [topic, other]) {
      await rig.subscribe(one, arn);
      await rig.publish(one, `of ${one.split(":").at(-1)}`);
    }
    await rig.deliver();
    expect(await rig.texts(url)).toEqual(["of news"]);
  });

  it.each([
    ["x", "InvalidParameter: Invalid parameter: SQS endpoint ARN"],
    [
      "arn:aws:sqs:us-east-1:100000000001:none",
      "InvalidParameter: Invalid parameter: Endpoint Reason: The queue does not exist",
    ],
    [
      "arn:aws:sqs:us-east-1:100000000001:ordered.fifo",
      "InvalidParameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
    ],
  ])("cannot be %s", { tags: ["slow"] }, async (Endpoint, message) => {
    await rig.sqs.queue("ordered.fifo");
    expect(await rig.error("Subscribe", { TopicArn: topic, Protocol: "sqs", Endpoint })).toBe(message);
  });

  it("has each message in its order, in pages of subscriptions", { tags: ["slow"] }, async () => {
    const { url, arn } = await rig.queue("last");
    for (let at = 0; at < 120; at++) await rig.subscribe(topic, `https://hooks.example.com/${at}`);
    await rig.subscribe(topic, arn);
    for (let at = 0; at < 25; at++) await rig.publish(topic, `m${at}`);
    await rig.deliver();
    expect(await rig.texts(url)).toEqual(Array.from({ length: 25 }, (_, at) => `m${at}`));
  });
});

describe("a FIFO topic", () => {
  it("keeps order and takes a message once", { tags: ["slow"] }, async () => {
    const ordered = await rig.topic("ordered.fifo", { ContentBasedDeduplication: "true" });
    const arn = rig.sqs.arn("ordered.fifo");
    const statement = {
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: arn,
    };
    const url = await rig.sqs.queue("ordered.fifo", {
      Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    });
    const standard = await rig.queue("standard");
    await rig.subscribe(ordered, arn);
    await rig.subscribe(ordered, standard.arn);
    const sent = [];
    for (const message of ["a", "b", "a"]) {
      sent.push(await rig.ok("Publish", { TopicArn: ordered, Message: message, MessageGroupId: "g" }));
    }
    expect(textOf(sent[2] as never, "MessageId")).toBe(textOf(sent[0] as never, "MessageId"));
    expect(textOf(sent[0] as never, "SequenceNumber") < textOf(sent[1] as never, "SequenceNumber")).toBe(true);
    await rig.deliver();
    const received = await rig.received(url);
    expect(received.map(({ Body, Attributes }) => [JSON.parse(Body).Message, Attributes.MessageGroupId])).toEqual([
      ["a", "g"],
      ["b", "g"],
    ]);
    expect(JSON.parse(received[0].Body).SequenceNumber).toBe(textOf(sent[0] as never, "SequenceNumber"));
    expect(await rig.texts(standard.url)).toEqual(["a", "b"]);
    expect(await rig.error("Publish", { TopicArn: ordered, Message: "x" })).toMatch(/MessageGroupId/);
    expect(await rig.error("Subscribe", { TopicArn: ordered, Protocol: "https", Endpoint: HOOK })).toMatch(
      /only queues/,
    );
  });
});

describe("a webhook", () => {
  it("confirms, and then gets signed documents", { tags: ["slow"] }, async () => {
    expect(
      textOf(await rig.ok("Subscribe", { TopicArn: topic, Protocol: "https", Endpoint: HOOK }), "SubscriptionArn"),
    ).toBe("pending confirmation");
    await rig.publish(topic, "nobody hears this");
    await rig.deliver();
    expect(rig.calls).toHaveLength(1);
    const [call] = rig.calls;
    expect(call?.url).toBe(HOOK);
    expect(call?.headers).toMatchObject({
      ...{ "x-amz-sns-message-type": "SubscriptionConfirmation", "x-amz-sns-topic-arn": topic },
      "content-type": "text/plain; charset=UTF-8",
    });
    const document = JSON.parse(call?.body ?? "");
    expect(document.SubscribeURL).toBe(
      `http://sns.test/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(topic)}&Token=${document.Token}`,
    );
    await expectSigned(document);
    const confirmed = await rig.call(rig.sqs.anonymous(), "ConfirmSubscription", {
      TopicArn: topic,
      Token: document.Token,
    });
    const subscription = textOf(confirmed.result, "SubscriptionArn");
    await rig.publish(topic, "hello", { Subject: "Greeting" });
    await rig.deliver();
    expect(rig.calls).toHaveLength(2);
    expect(rig.calls[1]?.headers).toMatchObject({
      ...{ "x-amz-sns-message-type": "Notification", "x-amz-sns-subscription-arn": subscription },
    });
    await expectSigned(JSON.parse(rig.calls[1]?.body ?? ""));
    await rig.ok("SetTopicAttributes", { TopicArn: topic, AttributeName: "SignatureVersion", AttributeValue: "2" });
    await rig.publish(topic, "hello again");
    await rig.deliver();
    const again = JSON.parse(rig.calls[2]?.body ?? "");
    expect(again.SignatureVersion).toBe("2");
    await expectSigned(again);
    // The token counts once.
    expect(await rig.error("ConfirmSubscription", { TopicArn: topic, Token: document.Token })).toBe(
      "InvalidParameter: Invalid parameter: Token",
    );
  });

  it("is asked again as its policy says, then the message goes to the dead letter queue", {
    tags: ["slow"],
  }, async () => {
    const dead = await rig.queue("dead");
    const healthyRetryPolicy = { numRetries: 2, minDelayTarget: 10, maxDelayTarget: 10 };
    await rig.subscribeWebhook(topic, HOOK, {
      DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    });
    rig.answer = () => new Response(null, { status: 503 });
    await rig.publish(topic, "hello");
    for (const [afterMs, calls] of [
      [0, 1],
      [9_999, 1],
      [1, 2],
      [10_000, 3],
      [60_000, 3],
    ] as const) {
      await rig.sqs.clock.advance(afterMs);
      await rig.deliver();
      expect([afterMs, rig.calls.length]).toEqual([afterMs, calls]);
    }
    expect(await rig.texts(dead.url)).toEqual(["hello"]);
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it.each([
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://elsewhere.example.com/" } })],
    ["an error of its own", () => new Response(null, { status: 404 })],
  ])("that answers %s is not asked again", { tags: ["slow"] }, async (_, answer) => {
    await rig.subscribeWebhook(topic, HOOK);
    rig.answer = answer;
    await rig.publish(topic, "hello");
    await rig.deliver();
    await rig.sqs.clock.advance(60_000);
    await rig.deliver();
    expect(rig.calls).toHaveLength(1);
    expect(rig.told[0]).toMatch(/it answered (302|404)\); they are dropped$/);
  });

  it("that hangs is left after 15 seconds, and holds up no other", async () => {
    const slow = "https://slow.example.com/";
    await rig.subscribeWebhook(topic, slow);
    await rig.subscribeWebhook(topic, HOOK);
    rig.answer = ({ url }) => (url === slow ? new Promise<never>(() => {}) : new Response(null));
    await rig.publish(topic, "one");
    const delivering = rig.deliver();
    await expect.poll(() => rig.calls.map(({ url }) => url).sort()).toEqual([HOOK, slow].sort());
    await expect.poll(() => rig.rows("deliveries")).toBe(1);
    await rig.sqs.clock.advance(15_001);
    await delivering;
    // The second time it has a slot of its own.
    await rig.publish(topic, "two");
    await rig.sqs.clock.advance(20_001);
    const again = rig.deliver();
    await expect.poll(() => rig.calls.filter(({ url }) => url === HOOK)).toHaveLength(2);
    await rig.sqs.clock.advance(15_001);
    await again;
  });

  it("gets raw messages if it wants them, with its own content type", { tags: ["slow"] }, async () => {
    await rig.subscribeWebhook(topic, HOOK, {
      RawMessageDelivery: "true",
      DeliveryPolicy: JSON.stringify({ requestPolicy: { headerContentType: "application/json" } }),
    });
    await rig.publish(topic, '{"a":1}');
    await rig.deliver();
    expect(rig.calls[0]).toMatchObject({
      body: '{"a":1}',
      headers: { "content-type": "application/json", "x-amz-sns-rawdelivery": "true" },
    });
  });

  it("ends its subscription without a signature, is told so, and can restore it", { tags: ["slow"] }, async () => {
    const SubscriptionArn = await rig.subscribeWebhook(topic, HOOK);
    const nobody = rig.sqs.anonymous();
    expect((await rig.call(nobody, "Unsubscribe", { SubscriptionArn })).status).toBe(200);
    expect((await rig.call(nobody, "Unsubscribe", { SubscriptionArn })).code).toBe("NotFound");
    await rig.publish(topic, "hello");
    await rig.deliver();
    expect(rig.calls.map(({ headers }) => headers["x-amz-sns-message-type"])).toEqual(["UnsubscribeConfirmation"]);
    const { Token, SubscribeURL } = JSON.parse(rig.calls[0]?.body ?? "");
    expect(SubscribeURL).toContain(Token);
    await rig.ok("ConfirmSubscription", { TopicArn: topic, Token });
    await rig.publish(topic, "hello again");
    await rig.deliver();
    expect(rig.calls).toHaveLength(2);
  });

  it("that was confirmed with a signature on demand needs one to end", { tags: ["slow"] }, async () => {
    const SubscriptionArn = await rig.subscribe(topic, HOOK);
    await rig.deliver();
    const { Token } = JSON.parse(rig.calls[0]?.body ?? "");
    const confirm = { TopicArn: topic, Token, AuthenticateOnUnsubscribe: "true" };
    expect((await rig.call(rig.sqs.anonymous(), "ConfirmSubscription", confirm)).code).toBe("InvalidParameter");
    await rig.ok("ConfirmSubscription", confirm);
    expect((await rig.call(rig.sqs.anonymous(), "Unsubscribe", { SubscriptionArn })).code).toBe("AuthorizationError");
    await rig.ok("Unsubscribe", { SubscriptionArn });
  });

  it.each([
    "http://127.0.0.1/",
    "http://localhost:9000/",
    "http://10.1.2.3/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:192.168.0.1]/",
    "http://0x7f.1/",
    "http://metadata.google.internal/",
  ])("cannot be %s", async (Endpoint) => {
    expect(await rig.error("Subscribe", { TopicArn: topic, Protocol: "http", Endpoint })).toBe(
      "InvalidParameter: Invalid parameter: Endpoint Reason: the endpoint has a private address",
    );
  });

  it("is shown without its password, which is sent as a header", { tags: ["slow"] }, async () => {
    const arn = await rig.subscribeWebhook(topic, "https://ann:secret@hooks.example.com/");
    await rig.publish(topic, "hello");
    await rig.deliver();
    expect(rig.calls[0]).toMatchObject({
      url: "https://hooks.example.com/",
      headers: { authorization: `Basic ${btoa("ann:secret")}` },
    });
    expect(mapOf(await rig.ok("GetSubscriptionAttributes", { SubscriptionArn: arn })).Endpoint).toBe(
      "https://ann:****@hooks.example.com/",
    );
    expect(textsOf(await rig.ok("ListSubscriptions"), "Endpoint")).toEqual(["https://ann:****@hooks.example.com/"]);
  });
});

describe("subscriptions", () => {
  it.each(["email", "email-json", "sms", "application", "lambda", "firehose"])(
    "of protocol %s are not built",
    async (Protocol) => {
      expect(await rig.error("Subscribe", { TopicArn: topic, Protocol, Endpoint: "x" })).toBe(
        `NotImplemented: The protocol ${Protocol} is not implemented by this server.`,
      );
    },
  );

  it("have attributes that are checked", { tags: ["slow"] }, async () => {
    const { arn } = await rig.queue("q");
    const SubscriptionArn = await rig.subscribe(topic, arn);
    const set = (AttributeName: string, AttributeValue: string) =>
      rig.call(rig.root(), "SetSubscriptionAttributes", { SubscriptionArn, AttributeName, AttributeValue });
    expect((await set("FilterPolicy", '{"color":["red"]}')).status).toBe(200);
    expect((await set("RawMessageDelivery", "maybe")).code).toBe("InvalidParameter");
    expect((await set("FilterPolicy", '{"color":[]}')).message).toBe(
      "Invalid parameter: FilterPolicy: Empty arrays are not allowed",
    );
    expect((await set("FilterPolicyScope", "Somewhere")).code).toBe("InvalidParameter");
    expect((await set("RedrivePolicy", '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:100000000001:none"}')).code).toBe(
      "InvalidParameter",
    );
    expect((await set("DeliveryPolicy", "{}")).status).toBe(200);
    expect((await set("DeliveryPolicy", '{"healthyRetryPolicy":{}}')).code).toBe("InvalidParameter");
    expect((await set("ReplayPolicy", "{}")).code).toBe("NotImplemented");
    expect(mapOf(await rig.ok("GetSubscriptionAttributes", { SubscriptionArn }))).toMatchObject({
      ...{ TopicArn: topic, Owner: ACCOUNT, Protocol: "sqs", Endpoint: arn, PendingConfirmation: "false" },
      ...{ FilterPolicy: '{"color":["red"]}', FilterPolicyScope: "MessageAttributes", RawMessageDelivery: "false" },
    });
    expect((await set("FilterPolicy", "{}")).status).toBe(200);
    expect(mapOf(await rig.ok("GetSubscriptionAttributes", { SubscriptionArn })).FilterPolicy).toBeUndefined();
  });

  it("that another request changes meanwhile do not count as one filter too many", async () => {
    const { arn } = await rig.queue("q");
    const SubscriptionArn = await rig.subscribe(topic, arn, { FilterPolicy: '{"color":["red"]}' });
    const set = (AttributeName: string, AttributeValue: string) =>
      rig.call(rig.root(), "SetSubscriptionAttributes", { SubscriptionArn, AttributeName, AttributeValue });
    const both = await Promise.all([set("RawMessageDelivery", "true"), set("FilterPolicy", '{"color":["blue"]}')]);
    expect(both.map(({ code }) => code)).toEqual(["", "ConcurrentAccess"]);
  });

  it("of webhooks do not take a delivery policy that would not be followed", async () => {
    const SubscriptionArn = await rig.subscribe(topic, "https://h.example.com/");
    const parameters = { SubscriptionArn, AttributeName: "DeliveryPolicy", AttributeValue: '{"guaranteed":true}' };
    expect(await rig.error("SetSubscriptionAttributes", parameters)).toBe(
      "InvalidParameter: Invalid parameter: DeliveryPolicy: guaranteed is not supported",
    );
  });

  it("get what their filters let through", { tags: ["slow"] }, async () => {
    const red = await rig.queue("red");
    const urgent = await rig.queue("urgent");
    await rig.subscribe(topic, red.arn, { FilterPolicy: '{"color":["red"]}' });
    await rig.subscribe(topic, urgent.arn, {
      FilterPolicy: '{"level":[{"numeric":[">",3]}]}',
      FilterPolicyScope: "MessageBody",
    });
    await rig.publish(topic, '{"level":5}', attributes({ color: ["String", "blue"] }));
    await rig.publish(topic, '{"level":1}', attributes({ color: ["String", "red"] }));
    await rig.deliver();
    expect(await rig.texts(red.url)).toEqual(['{"level":1}']);
    expect(await rig.texts(urgent.url)).toEqual(['{"level":5}']);
  });

  it("of an endpoint are one", async () => {
    const { arn } = await rig.queue("q");
    const first = await rig.subscribe(topic, arn);
    expect(await rig.subscribe(topic, arn)).toBe(first);
    const Attributes = entries("Attributes", { RawMessageDelivery: "true" });
    expect(await rig.error("Subscribe", { TopicArn: topic, Protocol: "sqs", Endpoint: arn, ...Attributes })).toMatch(
      /already exists with different attributes/,
    );
    expect(textsOf(await rig.ok("ListSubscriptionsByTopic", { TopicArn: topic }), "SubscriptionArn")).toEqual([first]);
  });

  it("that wait end after two days, with their messages", async () => {
    await rig.subscribe(topic, HOOK);
    expect(textsOf(await rig.ok("ListSubscriptionsByTopic", { TopicArn: topic }), "SubscriptionArn")).toEqual([
      "PendingConfirmation",
    ]);
    await rig.sqs.clock.advance(2 * 86_400_000 + 1);
    await rig.jobs();
    expect([await rig.rows("subscriptions"), await rig.rows("deliveries"), await rig.rows("publications")]).toEqual([
      0, 0, 0,
    ]);
  });

  it("end with their topic, and so does what was on its way", async () => {
    await rig.subscribeWebhook(topic, HOOK);
    rig.answer = () => new Response(null, { status: 500 });
    await rig.publish(topic, "late");
    await rig.deliver();
    await rig.publish(topic, "fresh");
    expect(await rig.sqs.store.store.metadata.census.backlog()).toMatchObject({
      publications: { rows: 2, oldestMs: rig.sqs.clock.now() },
      deliveries: { rows: 1, oldestMs: rig.sqs.clock.now() },
    });
    await rig.ok("DeleteTopic", { TopicArn: topic });
    await rig.deliver();
    await rig.jobs();
    const { publications, deliveries } = await rig.sqs.store.store.metadata.census.backlog();
    expect([publications.rows, deliveries.rows]).toEqual([0, 0]);
    for (const table of ["subscriptions", "deliveries", "publications", "deleted_topics"]) {
      expect([table, await rig.rows(table)]).toEqual([table, 0]);
    }
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a parsed document
async function expectSigned(document: any): Promise<void> {
  const [, id = ""] = /\/-\/sns\/SimpleNotificationService-([0-9a-f]{32})\.pem$/.exec(document.SigningCertURL) ?? [];
  const pem = await rig.topics.tables.certificates.find(id);
  const certificate = new X509Certificate(pem ?? "");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  const names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  const isSigned = (name: string) =>
    document[name] !== undefined && (name !== "SubscribeURL" || document.Type !== "Notification");
  const text = names
    .filter(isSigned)
    .map((name) => `${name}\n${document[name]}\n`)
    .join("");
  const hash = document.SignatureVersion === "1" ? "sha1" : "sha256";
  const key = createPublicKey(certificate.publicKey.export({ type: "spki", format: "pem" }));
  expect(verify(hash, Buffer.from(text), key, Buffer.from(document.Signature, "base64"))).toBe(true);
}
