import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
});
afterAll(() => rig.dispose());

const receive = async (QueueUrl: string, more: object = {}) =>
  (await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, ...more })).Messages ?? [];
const bodies = async (QueueUrl: string, more: object = {}) =>
  (await receive(QueueUrl, more)).map(({ Body }: { Body: string }) => Body);
const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
  rig.ok("SendMessage", { QueueUrl, MessageBody, ...more });
const text = (StringValue: string, DataType = "String") => ({ DataType, StringValue });
const counts = async (QueueUrl: string) => {
  const { Attributes } = await rig.ok("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
  const count = (name: string) => Number(Attributes[`ApproximateNumberOfMessages${name}`]);
  return [count(""), count("NotVisible"), count("Delayed")];
};

describe("a message", () => {
  it("is received with all that was sent, and is gone once it is deleted", async () => {
    const QueueUrl = await rig.queue("all");
    const MessageAttributes = {
      Author: text("Daniel é"),
      Score: text("1.5", "Number.float"),
      Bytes: { DataType: "Binary", BinaryValue: "AAEC" },
    };
    const MessageSystemAttributes = { AWSTraceHeader: text("Root=1") };
    const sent = await send(QueueUrl, "hello\r\n\u{1f600}", { MessageAttributes, MessageSystemAttributes });
    expect(sent).toEqual({
      MessageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      MD5OfMessageBody: "9b872e3a5057e41ab40be9f2635067e0",
      MD5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
      MD5OfMessageSystemAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const [message] = await receive(QueueUrl, { MessageAttributeNames: ["All"], AttributeNames: ["All"] });
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: "hello\r\n\u{1f600}",
      MessageAttributes,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
    });
    expect(message.Attributes).toEqual({
      SenderId: "100000000001",
      SentTimestamp: `${rig.clock.now()}`,
      ApproximateReceiveCount: "1",
      ApproximateFirstReceiveTimestamp: `${rig.clock.now()}`,
      AWSTraceHeader: "Root=1",
    });
    expect(await receive(QueueUrl)).toEqual([]);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: message.ReceiptHandle });
    await rig.clock.advance(31_000);
    expect(await receive(QueueUrl)).toEqual([]);
  });

  it("has the digests that AWS has for its attributes, of those that are asked for", async () => {
    const QueueUrl = await rig.queue("digests");
    await send(QueueUrl, "msg", {
      MessageAttributes: { Hello: text("There"), General: text("Kenobi"), "Help.Me": text("Me") },
    });
    const digest = async (...MessageAttributeNames: string[]) => {
      const [message] = await receive(QueueUrl, { MessageAttributeNames, VisibilityTimeout: 0 });
      return [message.MD5OfMessageAttributes, Object.keys(message.MessageAttributes ?? {})];
    };
    expect(await digest("All")).toEqual(["4c360f3fdafd970e05fae2f149d997f5", ["Hello", "General", "Help.Me"]]);
    expect((await digest(".*"))[0]).toBe("4c360f3fdafd970e05fae2f149d997f5");
    expect((await digest("Hello", "General"))[0]).toBe("fca026605781cb4126a1e9044df24232");
    expect((await digest("Hello", "None"))[0]).toBe("a311262e065454b75da111d535b8dacd");
    expect((await digest("Hel.*"))[0]).toBe("83fee93c1bcd8b9a5a923ffacdc636c7");
    expect(await digest("None")).toEqual([undefined, []]);
    const bytes = Buffer.from("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01").toString(
      "base64",
    );
    const binary = await send(QueueUrl, "test", {
      MessageAttributes: { attr1: { DataType: "Binary", BinaryValue: bytes } },
    });
    expect(binary.MD5OfMessageAttributes).toBe("8cbe4db156db8a94db8b801b7addb984");
  });

  it("is encrypted where it lies, unless the queue says otherwise", async () => {
    const rows = async () => {
      const { d1 } = rig.store;
      const [result] = await d1.batch<{ content: string }>([
        d1.prepare("SELECT content FROM messages ORDER BY place DESC LIMIT 1").bind(),
      ]);
      return result?.results[0]?.content ?? "";
    };
    await send(await rig.queue("sealed"), "a secret word");
    expect(await rows()).not.toContain("secret");
    await send(await rig.queue("plain", { SqsManagedSseEnabled: "false" }), "a secret word");
    expect(await rows()).toContain("secret");
  });

  it("of the largest size comes back, and a larger one is refused", { tags: ["slow"] }, async () => {
    const QueueUrl = await rig.queue("large");
    const body = '"'.repeat(1_048_576);
    await send(QueueUrl, body);
    expect(await bodies(QueueUrl)).toEqual([body]);
    const message =
      "InvalidParameterValueException: One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.";
    expect(await rig.error("SendMessage", { QueueUrl, MessageBody: `${body}"` })).toBe(message);
    const MessageAttributes = { a: text("b") };
    expect(await rig.error("SendMessage", { QueueUrl, MessageBody: body, MessageAttributes })).toBe(message);
  });

  it("that is delayed is received when its time has come", async () => {
    const QueueUrl = await rig.queue("delayed", { DelaySeconds: "10" });
    await send(QueueUrl, "ten");
    await send(QueueUrl, "now", { DelaySeconds: 0 });
    await send(QueueUrl, "twenty", { DelaySeconds: 20 });
    expect(await counts(QueueUrl)).toEqual([1, 0, 2]);
    expect(await bodies(QueueUrl)).toEqual(["now"]);
    expect(await counts(QueueUrl)).toEqual([0, 1, 2]);
    await rig.clock.advance(10_000);
    expect(await bodies(QueueUrl)).toEqual(["ten"]);
    await rig.clock.advance(10_000);
    expect(await bodies(QueueUrl)).toEqual(["twenty"]);
  });

  it("is not received once its retention is over, and a job deletes it", async () => {
    const QueueUrl = await rig.queue("retained", { MessageRetentionPeriod: "60", VisibilityTimeout: "5" });
    await send(QueueUrl, "never received");
    await send(QueueUrl, "received");
    await receive(QueueUrl, { MaxNumberOfMessages: 1 });
    await rig.clock.advance(59_000);
    expect(await bodies(QueueUrl, { VisibilityTimeout: 0 })).toHaveLength(2);
    await rig.clock.advance(1_000);
    expect(await bodies(QueueUrl)).toEqual([]);
    await rig.jobs();
    const { d1 } = rig.store;
    const sql =
      "SELECT count(*) AS count FROM messages WHERE queue_id = (SELECT id FROM queues WHERE name = 'retained')";
    const [result] = await d1.batch([d1.prepare(sql).bind()]);
    expect(result?.results).toEqual([{ count: 0 }]);
  });

  it.each<[string, object, string]>([
    ["no body", {}, "MissingRequiredParameterException: The request must contain the parameter MessageBody."],
    [
      "an empty body",
      { MessageBody: "" },
      "MissingRequiredParameterException: The request must contain the parameter MessageBody.",
    ],
    ["a control character", { MessageBody: "a\u0001" }, "InvalidMessageContents: Invalid characters found."],
    ["half a surrogate pair", { MessageBody: "a\ud800" }, "InvalidMessageContents: "],
    [
      "a number for a body",
      { MessageBody: 1 },
      "SerializationException: NUMBER_VALUE can not be converted to a String",
    ],
    [
      "a delay",
      { MessageBody: "a", DelaySeconds: 901 },
      "InvalidParameterValueException: Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    ],
    [
      "a deduplication id",
      { MessageBody: "a", MessageDeduplicationId: "x" },
      "InvalidParameterValueException: Value x for parameter MessageDeduplicationId is invalid.",
    ],
    [
      "eleven attributes",
      {
        MessageBody: "a",
        MessageAttributes: Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`a${n}`, text("v")])),
      },
      "InvalidParameterValueException: Number of message attributes [11] exceeds the allowed maximum [10].",
    ],
    [
      "an empty attribute",
      { MessageBody: "a", MessageAttributes: { ErrorDetails: text("") } },
      "InvalidParameterValueException: Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
    ],
    [
      "no type",
      { MessageBody: "a", MessageAttributes: { x: { StringValue: "a" } } },
      "InvalidParameterValueException: ",
    ],
    [
      "another type",
      { MessageBody: "a", MessageAttributes: { x: text("a", "Date") } },
      "InvalidParameterValueException: The type of message (user) attribute 'x' is invalid.",
    ],
    [
      "a word for a number",
      { MessageBody: "a", MessageAttributes: { x: text("one", "Number") } },
      "InvalidParameterValueException: Could not cast message (user) attribute 'x' value to number.",
    ],
    [
      "a reserved name",
      { MessageBody: "a", MessageAttributes: { "AWS.x": text("a") } },
      "InvalidParameterValueException: ",
    ],
    [
      "a name of dots",
      { MessageBody: "a", MessageAttributes: { "a..b": text("a") } },
      "InvalidParameterValueException: ",
    ],
    [
      "a list",
      { MessageBody: "a", MessageAttributes: { x: { ...text("a"), StringListValues: ["b"] } } },
      "InvalidParameterValueException: Message attribute list values",
    ],
    [
      "another system attribute",
      { MessageBody: "a", MessageSystemAttributes: { SenderId: text("a") } },
      "InvalidParameterValueException: ",
    ],
    [
      "damaged base64",
      { MessageBody: "a", MessageAttributes: { x: { DataType: "Binary", BinaryValue: "A" } } },
      "SerializationException: ",
    ],
  ])("with %s is refused", async (_, message, error) => {
    const QueueUrl = await rig.queue("refused");
    expect(await rig.error("SendMessage", { QueueUrl, ...message })).toContain(error);
    expect(await counts(QueueUrl)).toEqual([0, 0, 0]);
  });
});

describe("a receipt handle", () => {
  const handleOf = async (QueueUrl: string, more: object = {}): Promise<string> =>
    (await receive(QueueUrl, more))[0].ReceiptHandle;

  it("of an earlier receive deletes nothing, and says nothing", async () => {
    const QueueUrl = await rig.queue("handles");
    await send(QueueUrl, "a");
    const old = await handleOf(QueueUrl);
    await rig.clock.advance(30_000);
    const fresh = await handleOf(QueueUrl);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: old });
    expect(await counts(QueueUrl)).toEqual([0, 1, 0]);
    await rig.clock.advance(31_000);
    // Visible again, and not received by anybody else.
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: fresh });
    expect(await counts(QueueUrl)).toEqual([0, 0, 0]);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: fresh });
  });

  it("that is forged, altered or of another queue is refused", async () => {
    const QueueUrl = await rig.queue("mine");
    const other = await rig.queue("theirs");
    await send(QueueUrl, "a");
    const ReceiptHandle = await handleOf(QueueUrl);
    const altered = `${ReceiptHandle.slice(0, -2)}${ReceiptHandle.endsWith("A") ? "B" : "A"}A`;
    for (const [url, handle] of [
      [other, ReceiptHandle],
      [QueueUrl, "garbage"],
      [QueueUrl, altered],
      [QueueUrl, "A".repeat(5_000)],
    ]) {
      expect(await rig.error("DeleteMessage", { QueueUrl: url, ReceiptHandle: handle })).toContain(
        "ReceiptHandleIsInvalid: ",
      );
      const change = { QueueUrl: url, ReceiptHandle: handle, VisibilityTimeout: 0 };
      expect(await rig.error("ChangeMessageVisibility", change)).toContain("ReceiptHandleIsInvalid: ");
    }
    expect(await counts(QueueUrl)).toEqual([0, 1, 0]);
  });

  it("hides its message for another time, also when that was over, up to twelve hours", async () => {
    const QueueUrl = await rig.queue("visibility");
    await send(QueueUrl, "a");
    const ReceiptHandle = await handleOf(QueueUrl, { VisibilityTimeout: 5 });
    await rig.ok("ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    expect(await counts(QueueUrl)).toEqual([1, 0, 0]);
    await rig.ok("ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout: 100 });
    expect(await receive(QueueUrl)).toEqual([]);
    await rig.clock.advance(1_000);
    const tooLong = { QueueUrl, ReceiptHandle, VisibilityTimeout: 43_200 };
    expect(await rig.error("ChangeMessageVisibility", tooLong)).toContain("beyond the limit [43200 seconds]");
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle });
    expect(await rig.error("ChangeMessageVisibility", { ...tooLong, VisibilityTimeout: 1 })).toContain(
      "Message does not exist",
    );
  });
});

describe("a batch", () => {
  it("sends what is right and tells what is wrong", async () => {
    const QueueUrl = await rig.queue("batch");
    const Entries = [
      { Id: "good", MessageBody: "a" },
      { Id: "bad", MessageBody: "b", DelaySeconds: 1_000 },
      { Id: "empty", MessageBody: "" },
    ];
    const { Successful, Failed } = await rig.ok("SendMessageBatch", { QueueUrl, Entries });
    expect(Successful).toEqual([
      { Id: "good", MessageId: expect.any(String), MD5OfMessageBody: "0cc175b9c0f1b6a831c399e269772661" },
    ]);
    expect(Failed).toEqual([
      { Id: "bad", SenderFault: true, Code: "InvalidParameterValue", Message: expect.stringContaining("DelaySeconds") },
      { Id: "empty", SenderFault: true, Code: "MissingParameter", Message: expect.any(String) },
    ]);
    const [message] = await receive(QueueUrl);
    const handles = [
      { Id: "1", ReceiptHandle: message.ReceiptHandle },
      { Id: "2", ReceiptHandle: "forged" },
    ];
    const hiding = handles.map((one) => ({ ...one, VisibilityTimeout: 50 }));
    expect(await rig.ok("ChangeMessageVisibilityBatch", { QueueUrl, Entries: hiding })).toMatchObject({
      Successful: [{ Id: "1" }],
      Failed: [{ Id: "2", Code: "ReceiptHandleIsInvalid" }],
    });
    expect(await rig.ok("DeleteMessageBatch", { QueueUrl, Entries: handles })).toMatchObject({
      Successful: [{ Id: "1" }],
      Failed: [{ Id: "2", Code: "ReceiptHandleIsInvalid", SenderFault: true }],
    });
    expect(await counts(QueueUrl)).toEqual([0, 0, 0]);
  });

  it.each<[string, object[], string]>([
    ["no entry", [], "EmptyBatchRequest: "],
    [
      "eleven entries",
      Array.from({ length: 11 }, (_, n) => ({ Id: `${n}`, MessageBody: "a" })),
      "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 11.",
    ],
    [
      "an id twice",
      [
        { Id: "a", MessageBody: "a" },
        { Id: "a", MessageBody: "b" },
      ],
      "BatchEntryIdsNotDistinct: Id a repeated.",
    ],
    ["a wrong id", [{ Id: "a:b", MessageBody: "a" }], "InvalidBatchEntryId: A batch entry id can only contain"],
    [
      "a member missing",
      [{ Id: "a" }],
      "MissingRequiredParameterException: The request must contain the parameter Entries.1.MessageBody.",
    ],
    [
      "more than a mebibyte",
      [
        { Id: "a", MessageBody: "a".repeat(600_000) },
        { Id: "b", MessageBody: "b".repeat(600_000) },
      ],
      "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes.",
    ],
  ])("with %s is refused as a whole", async (_, Entries, error) => {
    const QueueUrl = await rig.queue("batch-refused");
    expect(await rig.error("SendMessageBatch", { QueueUrl, Entries })).toContain(error);
    expect(await counts(QueueUrl)).toEqual([0, 0, 0]);
  });
});

describe("a receive that waits", () => {
  const waiting = (QueueUrl: string, service = rig.service) =>
    rig
      .ok("ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 }, service)
      .then(({ Messages }) => [rig.clock.now(), Messages?.[0].Body]);

  it("has a message that is sent in its isolate at once, and in another one within 200 ms", async () => {
    const QueueUrl = await rig.queue("waiting");
    const startMs = rig.clock.now();
    const here = waiting(QueueUrl);
    await rig.clock.advance(7_000);
    await send(QueueUrl, "here");
    await rig.clock.advance(0);
    expect(await here).toEqual([startMs + 7_000, "here"]);
    const there = waiting(QueueUrl, rig.isolate());
    await rig.clock.advance(10_000);
    const sentMs = rig.clock.now();
    await send(QueueUrl, "there");
    for (let ms = 0; ms < 200; ms += 25) await rig.clock.advance(25);
    const [atMs, body] = await there;
    expect(body).toBe("there");
    expect((atMs as number) - sentMs).toBeLessThanOrEqual(200);
  });

  it("ends without a message when its time is over, and has a delayed one when it becomes visible", async () => {
    const QueueUrl = await rig.queue("waiting-long");
    const startMs = rig.clock.now();
    const none = waiting(QueueUrl);
    await rig.clock.advance(20_000);
    expect(await none).toEqual([startMs + 20_000, undefined]);
    await send(QueueUrl, "later", { DelaySeconds: 3 });
    const delayed = waiting(QueueUrl);
    await rig.clock.advance(3_000);
    expect(await delayed).toEqual([startMs + 23_000, "later"]);
  });

  it("wakes one for each message, and leaves no timer behind", async () => {
    const QueueUrl = await rig.queue("waiting-many", { VisibilityTimeout: "1000" });
    const waits = [1, 2, 3].map(() => waiting(QueueUrl));
    await rig.clock.advance(5_000);
    await rig.ok("SendMessageBatch", { QueueUrl, Entries: ["a", "b", "c"].map((Id) => ({ Id, MessageBody: Id })) });
    await rig.clock.advance(0);
    await rig.clock.advance(500);
    const got = await Promise.all(waits);
    expect(got.map(([, body]) => body).sort()).toEqual(["a", "b", "c"]);
    expect(rig.clock.waiting).toBe(0);
  });

  it("looks into D1 at most 40 times a second, however many wait", async () => {
    const QueueUrl = await rig.queue("waiting-cost");
    const waits = Array.from({ length: 20 }, () => waiting(QueueUrl));
    await rig.clock.advance(0);
    rig.store.takeCost();
    await rig.clock.advance(20_000);
    await Promise.all(waits);
    expect(rig.store.takeCost().roundTrips).toBeLessThan(250);
  });
});

it("a receive that waits looks now and then, whatever a message that is over lies there", async () => {
  const own = await SqsRig.open();
  const root = own.root();
  const Attributes = { MessageRetentionPeriod: "60" };
  const { result } = await own.call(root, "CreateQueue", { QueueName: "short", Attributes });
  const QueueUrl = result.QueueUrl;
  await own.call(root, "SendMessage", { QueueUrl, MessageBody: "soon over" });
  await own.clock.advance(50_000);
  await own.call(root, "ReceiveMessage", { QueueUrl, VisibilityTimeout: 30 });
  await own.clock.advance(31_000);
  own.store.takeCost();
  const waiting = own.call(root, "ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 });
  for (let second = 0; second < 21; second++) await own.clock.advance(1_000);
  expect((await waiting).result.Messages).toBeUndefined();
  expect(own.store.takeCost().roundTrips).toBeLessThan(200);
  await own.dispose();
});
