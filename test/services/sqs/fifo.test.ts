import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
});
afterAll(() => rig.dispose());

let dedup = 0;
const send = (QueueUrl: string, MessageGroupId: string, MessageBody: string, more: object = {}) =>
  rig.ok("SendMessage", { QueueUrl, MessageGroupId, MessageBody, MessageDeduplicationId: `d${++dedup}`, ...more });
const receive = async (QueueUrl: string, more: object = {}) =>
  (await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, AttributeNames: ["All"], ...more })).Messages ??
  [];
const bodies = async (QueueUrl: string, more: object = {}) =>
  (await receive(QueueUrl, more)).map(({ Body }: { Body: string }) => Body);

describe("a FIFO queue", () => {
  it("gives the messages of a group in order, and none while one of them is in flight", async () => {
    const QueueUrl = await rig.queue("order.fifo");
    for (const body of ["a1", "a2", "a3"]) await send(QueueUrl, "a", body);
    for (const body of ["b1", "b2"]) await send(QueueUrl, "b", body);
    const first = await receive(QueueUrl, { MaxNumberOfMessages: 2 });
    expect(first.map(({ Body }: { Body: string }) => Body)).toEqual(["a1", "a2"]);
    expect(await bodies(QueueUrl)).toEqual(["b1", "b2"]);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: first[0].ReceiptHandle });
    expect(await bodies(QueueUrl)).toEqual([]);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: first[1].ReceiptHandle });
    expect(await bodies(QueueUrl)).toEqual(["a3"]);
    await rig.clock.advance(30_000);
    expect(await bodies(QueueUrl, { MaxNumberOfMessages: 3 })).toEqual(["a3", "b1", "b2"]);
  });

  it("numbers its messages, ever higher, with AWS's attributes", async () => {
    const QueueUrl = await rig.queue("numbers.fifo");
    const numbers: bigint[] = [];
    for (const body of ["1", "2", "3"]) {
      const { SequenceNumber } = await send(QueueUrl, "g", body);
      expect(SequenceNumber).toMatch(/^\d{20}$/);
      numbers.push(BigInt(SequenceNumber));
      const [message] = await receive(QueueUrl);
      expect(message.Attributes).toMatchObject({
        SequenceNumber,
        MessageGroupId: "g",
        MessageDeduplicationId: `d${dedup}`,
      });
      await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: message.ReceiptHandle });
    }
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1)));
  });

  it("takes a message once in five minutes, also after it was deleted", async () => {
    const QueueUrl = await rig.queue("once.fifo");
    const again = { MessageDeduplicationId: "same" };
    const first = await send(QueueUrl, "g", "body", again);
    const [message] = await receive(QueueUrl);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: message.ReceiptHandle });
    await rig.clock.advance(299_000);
    expect(await send(QueueUrl, "other", "another body", again)).toMatchObject({
      MessageId: first.MessageId,
      SequenceNumber: first.SequenceNumber,
    });
    expect(await bodies(QueueUrl)).toEqual([]);
    await rig.clock.advance(1_000);
    await send(QueueUrl, "g", "later", again);
    expect(await bodies(QueueUrl)).toEqual(["later"]);
  });

  it("compares bodies where it is told to, and groups apart where it is told to", async () => {
    const content = await rig.queue("content.fifo", { ContentBasedDeduplication: "true" });
    const none = { MessageDeduplicationId: undefined };
    for (const body of ["same", "same", "other"]) await send(content, "g", body, none);
    expect(await bodies(content)).toEqual(["same", "other"]);
    const apart = await rig.queue("apart.fifo", {
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
    });
    for (const group of ["a", "b", "a"]) await send(apart, group, group, { MessageDeduplicationId: "same" });
    expect(await bodies(apart)).toEqual(["a", "b"]);
  });

  it("takes duplicates within a batch once, in the batch's order", async () => {
    const QueueUrl = await rig.queue("batch.fifo", { ContentBasedDeduplication: "true" });
    const Entries = ["1", "2", "1", "3"].map((MessageBody, n) => ({ Id: `${n}`, MessageBody, MessageGroupId: "g" }));
    const { Successful } = await rig.ok("SendMessageBatch", { QueueUrl, Entries });
    expect(Successful).toHaveLength(4);
    expect(Successful[2].MessageId).toBe(Successful[0].MessageId);
    expect(await bodies(QueueUrl)).toEqual(["1", "2", "3"]);
  });

  it("refuses to delete what is visible again, or was received again", async () => {
    const QueueUrl = await rig.queue("expired.fifo");
    await send(QueueUrl, "g", "a");
    const [{ ReceiptHandle }] = await receive(QueueUrl, { VisibilityTimeout: 1 });
    await rig.clock.advance(1_000);
    const expired = `InvalidParameterValueException: Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`;
    expect(await rig.error("DeleteMessage", { QueueUrl, ReceiptHandle })).toBe(expired);
    await receive(QueueUrl);
    expect(await rig.error("DeleteMessage", { QueueUrl, ReceiptHandle })).toBe(expired);
  });

  it("makes a group ready as its last message in flight becomes visible", async () => {
    const QueueUrl = await rig.queue("ready.fifo");
    for (const body of ["a1", "a2", "a3"]) await send(QueueUrl, "a", body);
    const [one, two] = await receive(QueueUrl, { MaxNumberOfMessages: 2 });
    const hide = ({ ReceiptHandle }: { ReceiptHandle: string }, VisibilityTimeout: number) =>
      rig.ok("ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout });
    await hide(one, 0);
    expect(await bodies(QueueUrl)).toEqual([]);
    await hide(two, 50);
    await rig.clock.advance(49_000);
    expect(await bodies(QueueUrl)).toEqual([]);
    await rig.clock.advance(1_000);
    expect(await bodies(QueueUrl)).toEqual(["a1", "a2", "a3"]);
  });

  it("keeps the order of delayed messages whatever the delay becomes", async () => {
    const QueueUrl = await rig.queue("delays.fifo", { DelaySeconds: "10" });
    await send(QueueUrl, "a", "1");
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { DelaySeconds: "0" } });
    await send(QueueUrl, "a", "2");
    await send(QueueUrl, "b", "now");
    expect(await bodies(QueueUrl)).toEqual(["now"]);
    await rig.clock.advance(10_000);
    expect(await bodies(QueueUrl)).toEqual(["1", "2"]);
  });

  it("gives an attempt that is repeated the same messages, unless one was changed", async () => {
    const QueueUrl = await rig.queue("attempts.fifo");
    for (const body of ["1", "2"]) await send(QueueUrl, "g", body);
    const attempt = { ReceiveRequestAttemptId: "try-1" };
    const [first] = await receive(QueueUrl, attempt);
    await rig.clock.advance(20_000);
    const again = await receive(QueueUrl, attempt);
    expect(again.map(({ Body }: { Body: string }) => Body)).toEqual(["1", "2"]);
    expect(again[0].Attributes.ApproximateReceiveCount).toBe("1");
    // Hidden again from the repetition on.
    await rig.clock.advance(20_000);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: first.ReceiptHandle });
    expect(await bodies(QueueUrl, attempt)).toEqual([]);
  });

  it("sends what was received too often to a FIFO dead letter queue, in order, and goes on with the group", async () => {
    const dead = await rig.queue("dead.fifo");
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: rig.arn("dead.fifo"), maxReceiveCount: 1 });
    const QueueUrl = await rig.queue("alive.fifo", { RedrivePolicy, VisibilityTimeout: "1" });
    for (const body of ["1", "2", "3"]) await send(QueueUrl, "g", body);
    expect(await bodies(QueueUrl, { MaxNumberOfMessages: 2 })).toEqual(["1", "2"]);
    await rig.clock.advance(1_000);
    expect(await bodies(QueueUrl, { MaxNumberOfMessages: 2 })).toEqual(["3"]);
    expect(await bodies(dead)).toEqual(["1", "2"]);
    await rig.clock.advance(31_000);
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn("dead.fifo") });
    await rig.jobs();
    expect(await bodies(dead)).toEqual([]);
    expect(await bodies(QueueUrl)).toEqual(["1", "2"]);
  });

  it("gets its own messages of a group back from a dead letter queue that another queue has too", async () => {
    const dead = await rig.queue("both.fifo");
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: rig.arn("both.fifo"), maxReceiveCount: 1 });
    const one = await rig.queue("one.fifo", { RedrivePolicy, VisibilityTimeout: "1" });
    const two = await rig.queue("two.fifo", { RedrivePolicy, VisibilityTimeout: "1" });
    for (const QueueUrl of [one, two]) {
      await send(QueueUrl, "g", QueueUrl);
      expect(await bodies(QueueUrl)).toEqual([QueueUrl]);
      await rig.clock.advance(1_000);
      expect(await bodies(QueueUrl)).toEqual([]);
    }
    expect(await bodies(dead)).toEqual([one, two]);
    await rig.clock.advance(31_000);
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn("both.fifo") });
    await rig.jobs();
    expect([await bodies(one), await bodies(two)]).toEqual([[one], [two]]);
  });

  it("forgets a group whose messages are over, and takes new ones of it", async () => {
    const QueueUrl = await rig.queue("over.fifo", { MessageRetentionPeriod: "60" });
    await send(QueueUrl, "g", "old");
    await rig.clock.advance(60_000);
    expect(await bodies(QueueUrl)).toEqual([]);
    await send(QueueUrl, "g", "new");
    expect(await bodies(QueueUrl)).toEqual(["new"]);
    await rig.jobs();
    expect(await bodies(QueueUrl)).toEqual([]);
  });

  it("wakes a receive that waits, when a message comes and when its group becomes ready", async () => {
    const QueueUrl = await rig.queue("wait.fifo");
    const waiting = () => rig.ok("ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 });
    const first = waiting();
    await rig.clock.advance(3_000);
    await send(QueueUrl, "g", "1");
    await send(QueueUrl, "g", "2");
    await rig.clock.advance(0);
    const { Messages } = await first;
    expect(Messages[0].Body).toBe("1");
    const second = waiting();
    await rig.clock.advance(1_000);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle });
    await rig.clock.advance(0);
    expect((await second).Messages[0].Body).toBe("2");
  });

  it.each<[string, object, string]>([
    [
      "no group",
      { MessageBody: "a", MessageDeduplicationId: "d" },
      "MissingRequiredParameterException: The request must contain the parameter MessageGroupId.",
    ],
    [
      "no deduplication id",
      { MessageBody: "a", MessageGroupId: "g" },
      "InvalidParameterValueException: The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    ],
    [
      "a delay",
      { MessageBody: "a", MessageGroupId: "g", MessageDeduplicationId: "d", DelaySeconds: 2 },
      "InvalidParameterValueException: Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
    ],
    [
      "a group of spaces",
      { MessageBody: "a", MessageGroupId: "g g", MessageDeduplicationId: "d" },
      "InvalidParameterValueException: ",
    ],
    [
      "a long group",
      { MessageBody: "a", MessageGroupId: "g".repeat(129), MessageDeduplicationId: "d" },
      "InvalidParameterValueException: ",
    ],
  ])("refuses a message with %s", async (_, message, error) => {
    const QueueUrl = await rig.queue("refusing.fifo");
    expect(await rig.error("SendMessage", { QueueUrl, ...message })).toContain(error);
    expect(await bodies(QueueUrl)).toEqual([]);
  });
});
