import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SnsRig } from "../services/sns/support/sns.ts";
import { STRIKES, type Strike } from "../support/fail-each-call.ts";
import { outcomeOf, type Plan, strikeEach } from "../support/strike-each.ts";

let rig: SnsRig;
beforeEach(async () => {
  rig = await SnsRig.open();
});
afterEach(() => rig.dispose());

/** Longer than a dead isolate's claims and the waits between attempts. */
const RECOVERED_MS = 130_000;

async function recover(): Promise<void> {
  do {
    await rig.sqs.clock.advance(RECOVERED_MS);
    await rig.deliver();
  } while ((await rig.rows("publications")) > 0);
  expect([await rig.rows("publications"), await rig.rows("deliveries")]).toEqual([0, 0]);
}

/** Publishes, and delivers what is due, where the Nth call to D1 goes wrong. Whether Publish was answered with success. */
async function publishAndDeliver(plan: Plan, topic: string, more: Record<string, string>): Promise<boolean> {
  const struck = rig.stricken(plan.next);
  const { clock } = rig.sqs;
  const isAcknowledged = await outcomeOf(clock, struck.publish(topic, more.Message ?? "", more), plan);
  await outcomeOf(clock, struck.deliver(), plan);
  // Otherwise the next call would find the topic waiting for its next attempt.
  await recover();
  return isAcknowledged;
}

/** What was published, and whether it was acknowledged. */
type Published = readonly (readonly [text: string, isAcknowledged: boolean])[];

function expectEach(published: Published, received: readonly string[]): void {
  const names = new Set(published.map(([text]) => text));
  expect(received.filter((text) => !names.has(text))).toEqual([]);
  for (const [text, isAcknowledged] of published) {
    if (isAcknowledged) expect(received, text).toContain(text);
  }
}

describe.each(STRIKES)("whichever call to D1 does: %s", (strike: Strike) => {
  it("each acknowledged message reaches queues once and webhooks at least once, and no other does", async () => {
    const topic = await rig.topic("news");
    const queues = [await rig.queue("a"), await rig.queue("b")];
    for (const { arn } of queues) await rig.subscribe(topic, arn);
    await rig.subscribeWebhook(topic, "https://hooks.example.com/x");
    const published: [string, boolean][] = [];
    const calls = await strikeEach(strike, async (plan, n) => {
      const Message = `m${n}`;
      published.push([Message, await publishAndDeliver(plan, topic, { Message })]);
    });
    expect(calls).toBeGreaterThan(7);
    for (const { url } of queues) {
      const texts = await rig.texts(url);
      expectEach(published, texts);
      expect(new Set(texts).size).toBe(texts.length);
    }
    const posted = rig.calls.map(({ body }) => JSON.parse(body).Message as string);
    expectEach(published, posted);
  });

  it("a FIFO queue gets each message once and in order, if its publisher tries again", async () => {
    const topic = await rig.topic("orders.fifo");
    const queue = await rig.queue("orders.fifo");
    await rig.subscribe(topic, queue.arn, { RawMessageDelivery: "true" });
    const published: string[] = [];
    await strikeEach(strike, async (plan, n) => {
      const Message = `m${n}`;
      const more = { Message, MessageGroupId: "g", MessageDeduplicationId: Message };
      published.push(Message);
      if (!(await publishAndDeliver(plan, topic, more))) await rig.publish(topic, Message, more);
      await rig.deliver();
    });
    expect((await rig.received(queue.url)).map(({ Body }) => Body)).toEqual(published);
  });

  it("what an endpoint does not take reaches the dead letter queue at least once", async () => {
    const topic = await rig.topic("news");
    const dead = await rig.queue("dead");
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn });
    await rig.subscribeWebhook(topic, "https://hooks.example.com/x", { RedrivePolicy });
    rig.answer = () => new Response(null, { status: 400 });
    const published: [string, boolean][] = [];
    await strikeEach(strike, async (plan, n) => {
      const Message = `m${n}`;
      published.push([Message, await publishAndDeliver(plan, topic, { Message })]);
    });
    expectEach(published, await rig.texts(dead.url));
  });
});
