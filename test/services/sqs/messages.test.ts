import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
});
afterAll(() => rig.dispose());

const receive = async (QueueUrl: string, more: object = {}) =>
  (await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, ...more })).Messages ?? [];

describe("a message", () => {
  it("is received with all that was sent, and is gone once it is deleted", async () => {
    const QueueUrl = await rig.queue("all");
    const MessageAttributes = {
      Author: { DataType: "String", StringValue: "Daniel é" },
      Score: { DataType: "Number.float", StringValue: "1.5" },
      Bytes: { DataType: "Binary", BinaryValue: "AAEC" },
    };
    const MessageSystemAttributes = { AWSTraceHeader: { DataType: "String", StringValue: "Root=1" } };
    const sent = await rig.ok("SendMessage", {
      QueueUrl,
      MessageBody: "hello\r\n\u{1f600}",
      MessageAttributes,
      MessageSystemAttributes,
    });
    expect(sent).toEqual({
      MessageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      MD5OfMessageBody: "b7e0ec5a5bb5f3aa4d7c7e0b5ff2ac5f",
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
});
