import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqsOperationNames } from "../../../src/services/sqs/operation-name.ts";
import { operations } from "../../../src/services/sqs/operations.ts";
import { SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
});
afterAll(() => rig.dispose());

const attributes = async (QueueUrl: string, ...AttributeNames: string[]) =>
  (await rig.ok("GetQueueAttributes", { QueueUrl, AttributeNames })).Attributes ?? {};
const send = (QueueUrl: string, MessageBody: string) => rig.ok("SendMessage", { QueueUrl, MessageBody });
const receive = async (QueueUrl: string, more: object = {}) =>
  (await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, AttributeNames: ["All"], ...more })).Messages ??
  [];
const redrive = (name: string, maxReceiveCount: unknown = 2) =>
  JSON.stringify({ deadLetterTargetArn: rig.arn(name), maxReceiveCount });

describe("a queue", () => {
  it("has AWS's defaults, and a URL at the host that the client used", async () => {
    const QueueUrl = await rig.queue("defaults");
    expect(QueueUrl).toBe("http://sqs.test/100000000001/defaults");
    const seconds = `${Math.floor(rig.clock.now() / 1000)}`;
    expect(await attributes(QueueUrl, "All")).toEqual({
      QueueArn: "arn:aws:sqs:us-east-1:100000000001:defaults",
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
      ApproximateNumberOfMessagesDelayed: "0",
      CreatedTimestamp: seconds,
      LastModifiedTimestamp: seconds,
      VisibilityTimeout: "30",
      MaximumMessageSize: "1048576",
      MessageRetentionPeriod: "345600",
      DelaySeconds: "0",
      ReceiveMessageWaitTimeSeconds: "0",
      SqsManagedSseEnabled: "true",
    });
    expect(await rig.ok("GetQueueAttributes", { QueueUrl })).toEqual({});
    expect(await attributes(await rig.queue("defaults.fifo"), "All")).toMatchObject({
      FifoQueue: "true",
      ContentBasedDeduplication: "false",
      DeduplicationScope: "queue",
      FifoThroughputLimit: "perQueue",
    });
  });

  it("is made again by the same attributes, and by others not", async () => {
    const QueueUrl = await rig.queue("again", { DelaySeconds: "5" });
    expect(await rig.queue("again", { DelaySeconds: "5" })).toBe(QueueUrl);
    expect(await rig.queue("again")).toBe(QueueUrl);
    expect(await rig.queue("again", { VisibilityTimeout: "30" })).toBe(QueueUrl);
    const message =
      "QueueNameExists: A queue already exists with the same name and a different value for attribute DelaySeconds";
    expect(await rig.error("CreateQueue", { QueueName: "again", Attributes: { DelaySeconds: "6" } })).toBe(message);
  });

  it("that two make at once is made once", async () => {
    const [a, b] = [rig.isolate(), rig.isolate()];
    const make = { QueueName: "race", Attributes: { DelaySeconds: "1" } };
    const urls = await Promise.all([a, b, a, b].map((service) => rig.ok("CreateQueue", make, service)));
    expect(new Set(urls.map(({ QueueUrl }) => QueueUrl)).size).toBe(1);
  });

  it.each<[string, object, string]>([
    ["a name of spaces", { QueueName: "a b" }, "InvalidParameterValueException: Can only include alphanumeric"],
    ["a name of 81 characters", { QueueName: "a".repeat(81) }, "InvalidParameterValueException: "],
    ["a FIFO name alone", { QueueName: "x.fifo" }, "InvalidParameterValueException: "],
    [
      "FifoQueue alone",
      { QueueName: "x", Attributes: { FifoQueue: "true" } },
      "InvalidParameterValueException: The name of a FIFO queue",
    ],
    [
      "FifoQueue false",
      { QueueName: "x", Attributes: { FifoQueue: "false" } },
      "InvalidAttributeName: Unknown Attribute FifoQueue.",
    ],
    [
      "an unknown attribute",
      { QueueName: "x", Attributes: { Color: "red" } },
      "InvalidAttributeName: Unknown Attribute Color.",
    ],
    ["a count", { QueueName: "x", Attributes: { ApproximateNumberOfMessages: "1" } }, "InvalidAttributeName: "],
    [
      "a FIFO attribute",
      { QueueName: "x", Attributes: { ContentBasedDeduplication: "true" } },
      "InvalidAttributeName: ",
    ],
    [
      "a delay",
      { QueueName: "x", Attributes: { DelaySeconds: "901" } },
      "InvalidAttributeValue: Invalid value for the parameter DelaySeconds.",
    ],
    ["a size", { QueueName: "x", Attributes: { MaximumMessageSize: "1048577" } }, "InvalidAttributeValue: "],
    ["a word", { QueueName: "x", Attributes: { VisibilityTimeout: "ten" } }, "InvalidAttributeValue: "],
    [
      "a policy",
      { QueueName: "x", Attributes: { Policy: "{" } },
      "InvalidAttributeValue: Invalid value for the parameter Policy.",
    ],
    ["no name of a KMS key", { QueueName: "x", Attributes: { KmsMasterKeyId: "a key" } }, "InvalidAttributeValue: "],
    [
      "a reuse period",
      { QueueName: "x", Attributes: { KmsDataKeyReusePeriodSeconds: "59" } },
      "InvalidAttributeValue: Invalid value for the parameter KmsDataKeyReusePeriodSeconds.",
    ],
    [
      "two encryptions",
      { QueueName: "x", Attributes: { KmsMasterKeyId: "alias/x", SqsManagedSseEnabled: "true" } },
      "InvalidAttributeValue: Invalid value for the parameter KmsMasterKeyId.",
    ],
    [
      "throughput by group alone",
      { QueueName: "x.fifo", Attributes: { FifoQueue: "true", FifoThroughputLimit: "perMessageGroupId" } },
      "InvalidAttributeValue: ",
    ],
    [
      "a redrive policy of no queue",
      { QueueName: "x", Attributes: { RedrivePolicy: '{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}' } },
      'InvalidParameterValueException: Value {"deadLetterTargetArn": "dummy", "maxReceiveCount": 42} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn.',
    ],
    [
      "a redrive policy of text",
      { QueueName: "x", Attributes: { RedrivePolicy: "text" } },
      "InvalidParameterValueException: ",
    ],
  ])("is not made with %s", async (_, input, error) => {
    expect(await rig.error("CreateQueue", input)).toContain(error);
    expect(await rig.error("GetQueueUrl", { QueueName: "x" })).toContain(
      "QueueDoesNotExist: The specified queue does not exist.",
    );
  });

  it("changes its attributes, from the next message on, in every isolate", async () => {
    const QueueUrl = await rig.queue("changing");
    const other = rig.isolate();
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "a" }, other);
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { DelaySeconds: "7", MaximumMessageSize: "1024" } });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "b" }, other);
    expect((await receive(QueueUrl)).map(({ Body }: { Body: string }) => Body)).toEqual(["a"]);
    const refused = await rig.call(rig.root(), "SendMessage", { QueueUrl, MessageBody: "a".repeat(1025) }, other);
    expect(refused.type).toBe("InvalidParameterValueException");
    expect(await rig.error("SetQueueAttributes", { QueueUrl, Attributes: { FifoQueue: "true" } })).toContain(
      "Unknown Attribute FifoQueue.",
    );
    const fifo = { QueueUrl: await rig.queue("changing.fifo"), Attributes: { FifoQueue: "false" } };
    expect(await rig.error("SetQueueAttributes", fifo)).toContain("Modifying queue type is not supported.");
  });

  it("is listed by its name, page by page", async () => {
    for (const n of [1, 2, 3]) await rig.queue(`listed-${n}`);
    const first = await rig.ok("ListQueues", { QueueNamePrefix: "listed-", MaxResults: 2 });
    expect(first).toEqual({
      QueueUrls: ["http://sqs.test/100000000001/listed-1", "http://sqs.test/100000000001/listed-2"],
      NextToken: expect.any(String),
    });
    const second = await rig.ok("ListQueues", {
      QueueNamePrefix: "listed-",
      MaxResults: 2,
      NextToken: first.NextToken,
    });
    expect(second).toEqual({ QueueUrls: ["http://sqs.test/100000000001/listed-3"] });
    expect(await rig.ok("ListQueues", { QueueNamePrefix: "nothing" })).toEqual({});
    expect(await rig.error("ListQueues", { NextToken: "x" })).toContain("InvalidParameterValueException: ");
    expect(await rig.error("ListQueues", { MaxResults: 1_001 })).toContain("InvalidParameterValueException: ");
  });

  it("that is deleted is gone at once in every isolate, and its name is free after a minute", async () => {
    const QueueUrl = await rig.queue("deleted");
    const other = rig.isolate();
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "old" }, other);
    await rig.ok("DeleteQueue", { QueueUrl });
    expect((await rig.call(rig.root(), "SendMessage", { QueueUrl, MessageBody: "a" }, other)).type).toBe(
      "QueueDoesNotExist",
    );
    expect((await rig.call(rig.root(), "ReceiveMessage", { QueueUrl }, other)).type).toBe("QueueDoesNotExist");
    expect(await rig.error("CreateQueue", { QueueName: "deleted" })).toContain(
      "QueueDeletedRecently: You must wait 60 seconds",
    );
    await rig.clock.advance(60_000);
    await rig.queue("deleted");
    expect(await receive(QueueUrl)).toEqual([]);
    await rig.jobs();
    const { d1 } = rig.store;
    const left =
      "SELECT (SELECT count(*) FROM deleted_queues) + (SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM queues q WHERE q.id = m.queue_id)) AS n";
    expect((await d1.batch([d1.prepare(left).bind()]))[0]?.results).toEqual([{ n: 0 }]);
  });

  it("is purged at once, whatever is in flight, and not twice in a minute", async () => {
    const QueueUrl = await rig.queue("purged", { DelaySeconds: "0" });
    await send(QueueUrl, "waiting");
    await send(QueueUrl, "in flight");
    const [{ ReceiptHandle }] = await receive(QueueUrl, { MaxNumberOfMessages: 1 });
    await rig.ok("PurgeQueue", { QueueUrl });
    expect(await attributes(QueueUrl, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")).toEqual({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle });
    await send(QueueUrl, "after");
    expect((await receive(QueueUrl)).map(({ Body }: { Body: string }) => Body)).toEqual(["after"]);
    const again = await rig.call(rig.root(), "PurgeQueue", { QueueUrl });
    expect(again).toMatchObject({
      status: 403,
      type: "PurgeQueueInProgress",
      queryError: "AWS.SimpleQueueService.PurgeQueueInProgress;Sender",
      result: { message: "Only one PurgeQueue operation on purged is allowed every 60 seconds." },
    });
    await rig.clock.advance(60_000);
    await rig.ok("PurgeQueue", { QueueUrl });
  });

  it("has tags", async () => {
    const QueueUrl = await rig.queue("tagged");
    await rig.ok("TagQueue", { QueueUrl, Tags: { tag1: "value1", tag2: "old", tag3: "" } });
    await rig.ok("TagQueue", { QueueUrl, Tags: { tag2: "value2" } });
    expect(await rig.ok("ListQueueTags", { QueueUrl })).toEqual({ Tags: { tag1: "value1", tag2: "value2", tag3: "" } });
    await rig.ok("UntagQueue", { QueueUrl, TagKeys: ["tag1", "tag3", "none"] });
    expect(await rig.ok("ListQueueTags", { QueueUrl })).toEqual({ Tags: { tag2: "value2" } });
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, "v"]));
    expect(await rig.error("TagQueue", { QueueUrl, Tags: many })).toContain("OverLimit: ");
    expect(await rig.error("TagQueue", { QueueUrl, Tags: { "aws:x": "v" } })).toContain(
      "InvalidParameterValueException: ",
    );
  });

  it.each([
    "nonsense",
    "http://sqs.test/",
    "http://sqs.test/1/q",
    "http://sqs.test/100000000001/a b",
    `http://x/${"a".repeat(3_000)}`,
  ])("is not at %s", async (QueueUrl) => {
    expect(await rig.error("SendMessage", { QueueUrl, MessageBody: "a" })).toContain("InvalidAddress: ");
  });

  it("is found by any host's URL", async () => {
    await rig.queue("hosts");
    const url = "https://sqs.us-east-1.amazonaws.com/100000000001/hosts";
    await rig.ok("SendMessage", { QueueUrl: url, MessageBody: "a" });
    expect(await rig.ok("GetQueueUrl", { QueueName: "hosts" })).toEqual({
      QueueUrl: "http://sqs.test/100000000001/hosts",
    });
  });
});

describe("a dead letter queue", () => {
  it("gets what was received too often, with where it came from, and lists its sources", async () => {
    await rig.queue("dead");
    const QueueUrl = await rig.queue("alive", { RedrivePolicy: redrive("dead"), VisibilityTimeout: "1" });
    const dead = "http://sqs.test/100000000001/dead";
    const { MessageId } = await send(QueueUrl, "poison");
    const sentMs = rig.clock.now();
    for (const round of [1, 2]) {
      expect((await receive(QueueUrl))[0].Attributes.ApproximateReceiveCount).toBe(`${round}`);
      await rig.clock.advance(1_000);
    }
    await send(QueueUrl, "good");
    expect((await receive(QueueUrl)).map(({ Body }: { Body: string }) => Body)).toEqual(["good"]);
    const [message] = await receive(dead);
    expect(message).toMatchObject({
      MessageId,
      Body: "poison",
      Attributes: {
        ApproximateReceiveCount: "3",
        DeadLetterQueueSourceArn: rig.arn("alive"),
        SentTimestamp: `${sentMs}`,
      },
    });
    expect(await rig.ok("ListDeadLetterSourceQueues", { QueueUrl: dead })).toEqual({ queueUrls: [QueueUrl] });
  });

  it("that is not there keeps nothing from being received", async () => {
    const dead = await rig.queue("dead-gone");
    const QueueUrl = await rig.queue("alive-alone", { RedrivePolicy: redrive("dead-gone", 1), VisibilityTimeout: "1" });
    await rig.ok("DeleteQueue", { QueueUrl: dead });
    await send(QueueUrl, "a");
    for (const round of [1, 2, 3]) {
      expect((await receive(QueueUrl))[0].Attributes.ApproximateReceiveCount).toBe(`${round}`);
      await rig.clock.advance(1_000);
    }
  });

  it.each<[string, string, string]>([
    ["nowhere", "2", "Dead letter target does not exist."],
    ["denies", "2", "does not allow this queue as a source."],
    ["other-type.fifo", "2", "Dead-letter queue must be same type"],
    ["dead-rules", "0", "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."],
    ["dead-rules", "1001", "Invalid value for maxReceiveCount: 1001"],
  ])("named %s with %s receives is refused", async (name, count, reason) => {
    await rig.queue("dead-rules");
    await rig.queue("denies", { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' });
    await rig.queue("other-type.fifo");
    const QueueUrl = await rig.queue("source-rules");
    const Attributes = { RedrivePolicy: redrive(name, count) };
    const error = await rig.error("SetQueueAttributes", { QueueUrl, Attributes });
    expect(error).toContain("InvalidParameterValueException: Value {");
    expect(error).toContain(reason);
  });

  it("lets the sources that it names send to it", async () => {
    const sourceQueueArns = [rig.arn("named")];
    const RedriveAllowPolicy = JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns });
    await rig.queue("choosy", { RedriveAllowPolicy });
    await rig.queue("named", { RedrivePolicy: redrive("choosy") });
    const refused = { QueueName: "unnamed", Attributes: { RedrivePolicy: redrive("choosy") } };
    expect(await rig.error("CreateQueue", refused)).toContain("does not allow this queue as a source.");
  });

  it("gives its messages back, as new ones, to where they came from", async () => {
    const dead = await rig.queue("dead-moved");
    const QueueUrl = await rig.queue("moved", { RedrivePolicy: redrive("dead-moved", 1), VisibilityTimeout: "1" });
    for (const body of ["a", "b"]) await send(QueueUrl, body);
    await receive(QueueUrl);
    await rig.clock.advance(1_000);
    expect(await receive(QueueUrl)).toEqual([]);
    expect(await attributes(dead, "ApproximateNumberOfMessages")).toEqual({ ApproximateNumberOfMessages: "2" });
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn("dead-moved") });
    await rig.jobs();
    expect((await rig.ok("ListMessageMoveTasks", { SourceArn: rig.arn("dead-moved") })).Results).toEqual([
      {
        Status: "COMPLETED",
        SourceArn: rig.arn("dead-moved"),
        ApproximateNumberOfMessagesMoved: 2,
        ApproximateNumberOfMessagesToMove: 2,
        StartedTimestamp: rig.clock.now(),
      },
    ]);
    const back = await receive(QueueUrl);
    expect(back.map(({ Body }: { Body: string }) => Body)).toEqual(["a", "b"]);
    expect(back[0].Attributes).toMatchObject({ ApproximateReceiveCount: "1", SentTimestamp: `${rig.clock.now()}` });
    expect(back[0].Attributes.DeadLetterQueueSourceArn).toBe(undefined);
  });

  it("leaves messages that are over where they are", async () => {
    const dead = await rig.queue("dead-over", { MessageRetentionPeriod: "60" });
    await rig.queue("over", { RedrivePolicy: redrive("dead-over") });
    const target = await rig.queue("over-target");
    await send(dead, "over");
    await rig.clock.advance(59_000);
    await send(dead, "fresh");
    await rig.clock.advance(2_000);
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn("dead-over"), DestinationArn: rig.arn("over-target") });
    await rig.jobs();
    expect((await receive(target)).map(({ Body }: { Body: string }) => Body)).toEqual(["fresh"]);
  });

  it.each(["DeleteQueue", "PurgeQueue"])("ends a move of it by %s", async (ending) => {
    const name = `dead-${ending}`;
    const dead = await rig.queue(name);
    await rig.queue(`of-${ending}`, { RedrivePolicy: redrive(name) });
    const target = await rig.queue(`target-${ending}`);
    for (let n = 0; n < 5; n++) await send(dead, `${n}`);
    const slowly = { DestinationArn: rig.arn(`target-${ending}`), MaxNumberOfMessagesPerSecond: 1 };
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn(name), ...slowly });
    const before = await attributes(target, "ApproximateNumberOfMessages");
    await rig.ok(ending, { QueueUrl: dead });
    if (ending === "PurgeQueue") await send(dead, "later");
    await rig.clock.advance(10_000);
    await rig.jobs();
    expect(await attributes(target, "ApproximateNumberOfMessages")).toEqual(before);
  });

  it("moves as fast as it is told, over many runs, until it is told to stop", async () => {
    const dead = await rig.queue("dead-slow");
    await rig.queue("slow", { RedrivePolicy: redrive("dead-slow") });
    const target = await rig.queue("slow-target");
    for (let n = 0; n < 10; n++) await send(dead, `${n}`);
    const started = {
      SourceArn: rig.arn("dead-slow"),
      DestinationArn: rig.arn("slow-target"),
      MaxNumberOfMessagesPerSecond: 2,
    };
    const { TaskHandle } = await rig.ok("StartMessageMoveTask", started);
    expect(await rig.error("StartMessageMoveTask", started)).toContain("There is already a task running.");
    await rig.clock.advance(2_000);
    await rig.jobs();
    const [running] = (await rig.ok("ListMessageMoveTasks", { SourceArn: rig.arn("dead-slow") })).Results;
    expect(running).toMatchObject({
      Status: "RUNNING",
      ApproximateNumberOfMessagesMoved: 6,
      MaxNumberOfMessagesPerSecond: 2,
    });
    expect(await rig.ok("CancelMessageMoveTask", { TaskHandle: running.TaskHandle })).toEqual({
      ApproximateNumberOfMessagesMoved: 6,
    });
    await rig.clock.advance(60_000);
    await rig.jobs();
    expect(await attributes(target, "ApproximateNumberOfMessages")).toEqual({ ApproximateNumberOfMessages: "6" });
    expect(await rig.error("CancelMessageMoveTask", { TaskHandle })).toContain(
      "ResourceNotFoundException: Task does not exist.",
    );
    expect(await rig.error("CancelMessageMoveTask", { TaskHandle: "x" })).toContain(
      "Value for parameter TaskHandle is invalid.",
    );
  });

  it.each<[string, object, string]>([
    [
      "no such source",
      { SourceArn: "arn:aws:sqs:us-east-1:100000000001:none" },
      "ResourceNotFoundException: The resource that you specified for the SourceArn parameter doesn't exist.",
    ],
    [
      "a source that is no dead letter queue",
      { SourceArn: "arn:aws:sqs:us-east-1:100000000001:source-of-none" },
      "InvalidParameterValueException: Source queue must be configured as a Dead Letter Queue.",
    ],
    [
      "no such destination",
      {
        SourceArn: "arn:aws:sqs:us-east-1:100000000001:dead-moves",
        DestinationArn: "arn:aws:sqs:us-east-1:100000000001:none",
      },
      "ResourceNotFoundException: The resource that you specified for the DestinationArn parameter doesn't exist.",
    ],
    [
      "a rate of 501",
      { SourceArn: "arn:aws:sqs:us-east-1:100000000001:dead-moves", MaxNumberOfMessagesPerSecond: 501 },
      "InvalidParameterValueException: ",
    ],
  ])("moves nothing with %s", async (_, input, error) => {
    await rig.queue("source-of-none");
    await rig.queue("dead-moves");
    await rig.queue("source-moves", { RedrivePolicy: redrive("dead-moves") });
    expect(await rig.error("StartMessageMoveTask", input)).toContain(error);
  });

  /** A message that the queue's dead letter queue has by now. */
  async function kill(QueueUrl: string, body: string) {
    await send(QueueUrl, body);
    await receive(QueueUrl, { VisibilityTimeout: 1 });
    await rig.clock.advance(1_000);
    expect(await receive(QueueUrl)).toEqual([]);
  }

  it("gives the messages of several queues back to each its own, whatever these name as dead letter queue now", async () => {
    await rig.queue("dead-shared");
    const RedrivePolicy = redrive("dead-shared", 1);
    const urls = [];
    for (const name of ["shared-a", "shared-b", "shared-c"]) urls.push(await rig.queue(name, { RedrivePolicy }));
    for (const [at, QueueUrl] of urls.entries()) for (const n of [1, 2]) await kill(QueueUrl, `${at}/${n}`);
    await rig.ok("SetQueueAttributes", { QueueUrl: urls[1], Attributes: { RedrivePolicy: "" } });
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn("dead-shared") });
    for (const [at, QueueUrl] of urls.entries()) {
      const bodies = (await receive(QueueUrl)).map(({ Body }: { Body: string }) => Body);
      expect(bodies.sort()).toEqual([`${at}/1`, `${at}/2`]);
    }
  });

  it("asks whoever starts the move for each queue that messages go back to", async () => {
    await rig.queue("dead-asked");
    const RedrivePolicy = redrive("dead-asked", 1);
    const urls = [];
    for (const name of ["asked-a", "asked-b"]) urls.push(await rig.queue(name, { RedrivePolicy }));
    for (const QueueUrl of urls) await kill(QueueUrl, "m");
    await rig.ok("SetQueueAttributes", { QueueUrl: urls[1], Attributes: { RedrivePolicy: "" } });
    const SourceArn = rig.arn("dead-asked");
    const statement = (names: string[]) => ({
      Effect: "Allow",
      Action: "sqs:*",
      Resource: names.map((n) => rig.arn(n)),
    });
    const stranger = rig.userWith([statement(["dead-asked", "asked-a"])]);
    expect(await rig.call(stranger, "StartMessageMoveTask", { SourceArn })).toMatchObject({ status: 403 });
    const known = rig.userWith([statement(["dead-asked", "asked-a", "asked-b"])]);
    expect(await rig.call(known, "StartMessageMoveTask", { SourceArn })).toMatchObject({ status: 200 });
    for (const QueueUrl of urls) expect(await receive(QueueUrl)).toHaveLength(1);
  });

  it("leaves messages of queues that came only after the move was started", async () => {
    const dead = await rig.queue("dead-later");
    const RedrivePolicy = redrive("dead-later", 1);
    const [first, later] = [await rig.queue("earlier", { RedrivePolicy }), await rig.queue("later", { RedrivePolicy })];
    for (const body of ["1", "2"]) await kill(first, body);
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn("dead-later"), MaxNumberOfMessagesPerSecond: 1 });
    expect(await receive(dead)).toHaveLength(1);
    await kill(later, "3");
    await rig.jobs();
    expect((await rig.ok("ListMessageMoveTasks", { SourceArn: rig.arn("dead-later") })).Results).toMatchObject([
      { Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 1, ApproximateNumberOfMessagesToMove: 2 },
    ]);
    expect((await receive(dead)).map(({ Body }: { Body: string }) => Body)).toEqual(["3"]);
  });

  it("whose messages came from nowhere cannot give them back", async () => {
    const dead = await rig.queue("dead-direct");
    await rig.queue("direct", { RedrivePolicy: redrive("dead-direct") });
    await send(dead, "sent to it");
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn("dead-direct") });
    const [task] = (await rig.ok("ListMessageMoveTasks", { SourceArn: rig.arn("dead-direct") })).Results;
    expect(task).toMatchObject({ Status: "FAILED", FailureReason: "CouldNotDetermineMessageSource" });
    expect(await attributes(dead, "ApproximateNumberOfMessages")).toEqual({ ApproximateNumberOfMessages: "1" });
  });
});

it("has every operation of the model", () => {
  expect(Object.keys(operations).sort()).toEqual([...sqsOperationNames].sort());
});
