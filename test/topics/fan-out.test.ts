import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fanOut } from "../../src/topics/fan-out.ts";
import { encodedBytes, isTooLarge } from "../../src/topics/queue-endpoints.ts";
import { SnsRig } from "../services/sns/support/sns.ts";

let rig: SnsRig;
beforeEach(async () => {
  rig = await SnsRig.open();
});
afterEach(() => rig.dispose());

/** Escaped in a document it is six times as large. */
const CONTROLS = "\u0001".repeat(262_144);

async function subscribed(name: string, attributes: Record<string, string> = {}) {
  const topic = await rig.topic(name);
  const queue = await rig.queue(`${name}-queue`);
  await rig.subscribe(topic, queue.arn, attributes);
  return { topic, ...queue };
}

describe("a message that is too large as a document", () => {
  it("is given up for this subscription alone", async () => {
    const { topic, url } = await subscribed("news");
    const raw = await rig.queue("raw");
    await rig.subscribe(topic, raw.arn, { RawMessageDelivery: "true" });
    await rig.publish(topic, CONTROLS);
    await rig.publish(topic, "next");
    await rig.deliver();
    expect(await rig.texts(url)).toEqual(["next"]);
    expect((await rig.received(raw.url)).map(({ Body }) => Body)).toEqual([CONTROLS, "next"]);
    expect(rig.told).toEqual([expect.stringMatching(/larger than a message in a queue may be\); they are dropped$/)]);
    expect(await rig.rows("publications")).toBe(0);
  });

  it("reaches no dead letter queue", async () => {
    const dead = await rig.queue("dead");
    const { topic } = await subscribed("news", { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) });
    await rig.publish(topic, CONTROLS);
    await rig.deliver();
    expect(await rig.received(dead.url)).toEqual([]);
    expect(rig.told[0]).toMatch(/they are dropped$/);
  });
});

it("no statement has more than D1 takes, however a message is escaped", async () => {
  const { topic } = await subscribed("news");
  const plain = await rig.queue("plain");
  await rig.sqs.ok("SetQueueAttributes", { QueueUrl: plain.url, Attributes: { SqsManagedSseEnabled: "false" } });
  await rig.subscribe(topic, plain.arn);
  const text = `${"\u0001".repeat(100_000)}${'"\\'.repeat(10_000)}`;
  for (let count = 0; count < 5; count++) await rig.publish(topic, text);
  const advance = vi.spyOn(rig.topics.tables.publications, "advance");
  await rig.deliver();
  const sizes = advance.mock.calls
    .flatMap(([, , beside]) => beside)
    .flatMap(({ values }) => values.map((value) => Buffer.byteLength(`${value}`)));
  expect(Math.max(...sizes)).toBeLessThan(2_000_000);
  expect(await rig.texts(plain.url)).toEqual(Array(5).fill(text));
});

it("every document that a queue may have fits into a statement", () => {
  for (const unit of ["x", '"', "\\", "\n", "é", "\u2028", "🦀", "\u0001"]) {
    const body = JSON.stringify({ Message: unit.repeat(262_144 / Buffer.byteLength(unit)) });
    const message = { body, attributes: new Map(), groupId: null, deduplicationId: null };
    expect([unit, isTooLarge(message)]).toEqual([unit, unit === "\u0001"]);
    if (!isTooLarge(message)) expect(encodedBytes(message)).toBeLessThan(1_900_000);
  }
});

describe("a topic whose fan-out fails", () => {
  /** Fails whatever goes to queues of the topic `bad`, for its first subscription only if `once`. */
  function failBad(isBad: (reachedBefore: number) => boolean) {
    const { publications } = rig.topics.tables;
    const advance = publications.advance.bind(publications);
    const badId = 1;
    return vi.spyOn(publications, "advance").mockImplementation(async (fresh, progress, beside) => {
      if (beside.length > 0 && fresh.publications[0]?.topicId === badId && isBad(fresh.reached)) throw new Error("no");
      return advance(fresh, progress, beside);
    });
  }

  it("holds up no other, and goes on in its order when it succeeds", async () => {
    const bad = await subscribed("bad");
    const good = await subscribed("good");
    const failing = failBad(() => true);
    for (const message of ["1", "2"]) await rig.publish(bad.topic, message);
    await rig.publish(good.topic, "hello");
    await rig.deliver();
    expect(await rig.texts(good.url)).toEqual(["hello"]);
    expect(rig.told).toEqual([expect.stringMatching(/of .*:bad cannot be delivered yet \(no\); attempt 1$/)]);
    failing.mockRestore();
    await rig.publish(bad.topic, "3");
    await rig.deliver();
    expect(await rig.texts(bad.url)).toEqual([]);
    await rig.sqs.clock.advance(1_000);
    await rig.deliver();
    expect(await rig.texts(bad.url)).toEqual(["1", "2", "3"]);
    expect(await rig.rows("topic_failures")).toBe(0);
  });

  it("loses the message for the subscription that fails alone", async () => {
    const bad = await subscribed("bad");
    const others = [await rig.queue("b"), await rig.queue("c")];
    for (const { arn } of others) await rig.subscribe(bad.topic, arn);
    failBad((reached) => reached === 0);
    await rig.publish(bad.topic, "m");
    for (let count = 0; count < 12; count++) {
      await fanOut(rig.topics, () => false);
      await rig.sqs.clock.advance(300_000);
    }
    expect(await rig.texts(bad.url)).toEqual([]);
    for (const { url } of others) expect(await rig.texts(url)).toEqual(["m"]);
    expect(rig.told.at(-1)).toMatch(/is dropped for one subscription \(no\)$/);
    expect([await rig.rows("publications"), await rig.rows("topic_failures")]).toEqual([0, 0]);
  });
});

it("filters that cost much let others have their turn", async () => {
  const topic = await rig.topic("costly");
  const prefixes = Array.from({ length: 150 }, (_, at) => ({ prefix: `never-${at}` }));
  const filter = { FilterPolicy: JSON.stringify({ a: prefixes }), FilterPolicyScope: "MessageBody" };
  for (let at = 0; at < 8; at++) await rig.subscribe(topic, (await rig.queue(`q${at}`)).arn, filter);
  await rig.publish(topic, JSON.stringify({ a: Array.from({ length: 1_000 }, (_, at) => `${at}`) }));
  const advance = vi.spyOn(rig.topics.tables.publications, "advance");
  await rig.deliver();
  expect(advance.mock.calls.length).toBe(2);
  expect(await rig.rows("publications")).toBe(0);
});
