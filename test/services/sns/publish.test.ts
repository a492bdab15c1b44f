import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attributes, SnsRig, textsOf } from "./support/sns.ts";

let rig: SnsRig;
let topic: string;
let queue: { url: string; arn: string };
beforeAll(async () => {
  rig = await SnsRig.open();
  topic = await rig.topic("news");
  queue = await rig.queue("q");
  await rig.subscribe(topic, queue.arn);
});
afterAll(() => rig.dispose());

describe("Publish", () => {
  it.each<[Record<string, string>, string]>([
    [{ Message: "" }, "InvalidParameter: Invalid parameter: Message Reason: no value for required parameter"],
    [{ Message: "x".repeat(262_145) }, "InvalidParameter: Invalid parameter: Message too long"],
    [{ Message: "m", Subject: "two\nlines" }, "InvalidParameter: Invalid parameter: Subject"],
    [{ Message: "m", Subject: "x".repeat(100) }, "InvalidParameter: Invalid parameter: Subject"],
    [{ Message: "m", MessageStructure: "xml" }, "InvalidParameter: Invalid parameter: MessageStructure"],
    [
      { Message: "m", MessageStructure: "json" },
      "InvalidParameter: Invalid parameter: Message Structure - JSON message body failed to parse",
    ],
    [
      { Message: '{"sqs":"m"}', MessageStructure: "json" },
      "InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body",
    ],
    [
      { Message: "m", MessageDeduplicationId: "d" },
      "InvalidParameter: Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
    ],
    [
      { Message: "m", ...attributes({ a: ["Text", "x"] }) },
      "ParameterValueInvalid: The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is limited. The supported type prefixes are Binary, Number, and String.",
    ],
    [
      { Message: "m", ...attributes({ a: ["Number", "x"] }) },
      "ParameterValueInvalid: The message attribute 'a' has a value of type Number that is no number.",
    ],
    [
      { Message: "m", ...attributes({ a: ["String", ""] }) },
      "ParameterValueInvalid: The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
    ],
  ])("refuses %j", async (given, message) => {
    expect(await rig.error("Publish", { TopicArn: topic, ...given })).toBe(message);
  });

  it("to a topic that is not there is NotFound", async () => {
    expect(await rig.error("Publish", { TopicArn: `${topic}x`, Message: "m" })).toBe("NotFound: Topic does not exist");
    expect(await rig.error("Publish", { TopicArn: topic.replace("us-east-1", "eu-west-1"), Message: "m" })).toBe(
      "NotFound: Topic does not exist",
    );
    expect(await rig.error("Publish", { Message: "m" })).toMatch(/TopicArn or TargetArn/);
  });

  it("picks the message of the protocol", async () => {
    await rig.ok("Publish", {
      TargetArn: topic,
      Message: '{"default":"all","sqs":"queues"}',
      MessageStructure: "json",
    });
    await rig.publish(topic, '{"default":"all"}', { MessageStructure: "json" });
    await rig.deliver();
    expect(await rig.texts(queue.url)).toEqual(["queues", "all"]);
  });

  it("keeps every character", async () => {
    const message = `${'\u0000\u0007"\\\u2028'}${"é🦀".repeat(1_000)}`;
    await rig.publish(topic, message);
    await rig.deliver();
    expect(await rig.texts(queue.url)).toEqual([message]);
  });

  it("takes the largest message, and many of them", async () => {
    const largest = "x".repeat(262_144);
    for (let at = 0; at < 6; at++) await rig.publish(topic, largest);
    await rig.deliver();
    expect((await rig.texts(queue.url)).map(({ length }) => length)).toEqual(Array(6).fill(262_144));
  });
});

describe("PublishBatch", () => {
  const entry = (number: number, members: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(members).map(([name, value]) => [`PublishBatchRequestEntries.member.${number}.${name}`, value]),
    );

  it("publishes what it can", async () => {
    const result = await rig.ok("PublishBatch", {
      TopicArn: topic,
      ...entry(1, { Id: "a", Message: "one" }),
      ...entry(2, { Id: "b", Message: "two", Subject: "x\n" }),
      ...entry(3, { Id: "c", Message: "three" }),
    });
    const [successful, failed] = ["Successful", "Failed"].map((name) =>
      textsOf(result.children.find((one) => one.name === name) as never, "Id"),
    );
    expect([successful, failed]).toEqual([["a", "c"], ["b"]]);
    await rig.deliver();
    expect(await rig.texts(queue.url)).toEqual(["one", "three"]);
  });

  it.each<[string, Record<string, string>]>([
    ["EmptyBatchRequest", {}],
    ["BatchEntryIdsNotDistinct", { ...entry(1, { Id: "a", Message: "m" }), ...entry(2, { Id: "a", Message: "m" }) }],
    ["InvalidBatchEntryId", entry(1, { Id: "a b", Message: "m" })],
    [
      "BatchRequestTooLong",
      {
        ...entry(1, { Id: "a", Message: "x".repeat(200_000) }),
        ...entry(2, { Id: "b", Message: "x".repeat(100_000) }),
      },
    ],
    [
      "TooManyEntriesInBatchRequest",
      Object.assign({}, ...Array.from({ length: 11 }, (_, at) => entry(at + 1, { Id: `${at}`, Message: "m" }))),
    ],
  ])("answers %s", async (code, given) => {
    expect(await rig.error("PublishBatch", { TopicArn: topic, ...given })).toMatch(new RegExp(`^${code}:`));
  });
});
