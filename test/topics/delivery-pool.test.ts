import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeliveryPool } from "../../src/topics/delivery-pool.ts";
import { type Call, SnsRig } from "../services/sns/support/sns.ts";
import { settle } from "../support/manual-clock.ts";

let rig: SnsRig;
let topic: string;
beforeEach(async () => {
  rig = await SnsRig.open();
  topic = await rig.topic("news");
});
afterEach(() => rig.dispose());

const hostsOf = (calls: readonly Call[]) => calls.map(({ url }) => new URL(url).hostname.split(".")[0]);
const url = (name: string) => `https://${name}.example.com/`;

describe("the pool", () => {
  it("gives each subscription one claim, then the next, and goes on where it stopped", { tags: ["slow"] }, async () => {
    const names = Array.from({ length: 6 }, (_, at) => `h${at}`);
    for (const name of names) await rig.subscribeWebhook(topic, url(name));
    for (let at = 0; at < 60; at++) await rig.publish(topic, `${at}`);
    let claims = 0;
    const { deliveries } = rig.topics.tables;
    const claim = deliveries.claim.bind(deliveries);
    const places: number[] = [];
    deliveries.claim = async (place, limits) => {
      claims++;
      places.push(place);
      return claim(place, limits);
    };
    await rig.deliver();
    expect(rig.calls.length).toBe(6 * 60);
    expect(new Set(places.slice(0, 6)).size).toBe(6);
    await rig.publish(topic, "more");
    places.length = 0;
    claims = 0;
    const { fanOut } = await import("../../src/topics/fan-out.ts");
    await fanOut(rig.topics, () => false);
    await new DeliveryPool(rig.topics, 3).run(() => claims >= 1);
    expect(places[0]).toBe(4);
  });

  it("leaves an endpoint that answers slowly to the slot of slow ones", async () => {
    await rig.subscribeWebhook(topic, url("slow"));
    for (let at = 0; at < 4; at++) await rig.publish(topic, `${at}`);
    rig.answer = async () => {
      await rig.sqs.clock.advance(2_500);
      return new Response(null, { status: 200 });
    };
    const { deliveries } = rig.topics.tables;
    const claim = deliveries.claim.bind(deliveries);
    const callsBefore: number[] = [];
    deliveries.claim = async (place, limits) => {
      const line = await claim(place, limits);
      if (line !== null) callsBefore.push(rig.calls.length);
      return line;
    };
    await rig.deliver();
    expect(rig.calls.length).toBe(4);
    // A quick slot gives it back after its first answer. The slot of slow ones makes all others in one claim, in time that is left for it.
    expect(callsBefore).toEqual([0, 1]);
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it("asks once where nothing is due", async () => {
    await rig.subscribeWebhook(topic, url("a"));
    const dueAfter = vi.spyOn(rig.topics.tables.deliveries, "dueAfter");
    await rig.pool.run(() => false);
    expect(dueAfter).toHaveBeenCalledTimes(1);
  });

  it("calls an endpoint as often as its policy says, and no more", async () => {
    const SubscriptionArn = await rig.subscribeWebhook(topic, url("a"));
    const AttributeValue = '{"throttlePolicy":{"maxReceivesPerSecond":1}}';
    await rig.ok("SetSubscriptionAttributes", { SubscriptionArn, AttributeName: "DeliveryPolicy", AttributeValue });
    for (let at = 0; at < 2; at++) await rig.publish(topic, `${at}`);
    const { clock } = rig.sqs;
    const sleep = vi.spyOn(clock, "sleep");
    const slept = () => sleep.mock.calls.filter(([ms]) => ms === 1_000).length;
    const delivering = rig.deliver();
    await vi.waitFor(() => expect(slept()).toBe(1));
    await clock.advance(999);
    for (let at = 0; at < 20; at++) await settle();
    expect(rig.calls.length).toBe(1);
    await clock.advance(1);
    await vi.waitFor(() => expect(slept()).toBe(2));
    expect(rig.calls.length).toBe(2);
    await clock.advance(1_000);
    await delivering;
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it("signs one document for an endpoint that cannot be reached, and the others when they are tried", async () => {
    await rig.subscribeWebhook(topic, url("gone"));
    for (let at = 0; at < 20; at++) await rig.publish(topic, `${at}`);
    rig.answer = () => {
      throw new Error("no route");
    };
    const signed = vi.spyOn(rig.topics.signers, "current");
    await rig.deliver();
    expect(rig.calls.length).toBe(1);
    expect(signed).toHaveBeenCalledTimes(1);
    expect(await rig.rows("deliveries")).toBe(20);
  });

  it("writes the documents of all that were tried for the last time for the dead letter queue", async () => {
    const dead = await rig.queue("dead");
    await rig.subscribeWebhook(topic, url("gone"), {
      ...{ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) },
      DeliveryPolicy: '{"healthyRetryPolicy":{"numRetries":0}}',
    });
    for (let at = 0; at < 3; at++) await rig.publish(topic, `${at}`);
    rig.answer = () => {
      throw new Error("no route");
    };
    await rig.deliver();
    expect((await rig.texts(dead.url)).sort()).toEqual(["0", "1", "2"]);
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it("leaves a slot to other accounts while one account's endpoints hang", async () => {
    const other = await rig.topic("other");
    for (let at = 0; at < 6; at++) await rig.subscribeWebhook(topic, url(`hang${at}`));
    await rig.subscribeWebhook(other, url("good"));
    await rig.sqs.store.d1.batch([
      rig.sqs.store.d1.prepare("UPDATE subscriptions SET account_id = '222222222222' WHERE endpoint LIKE '%good%'"),
    ]);
    const hanging = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    rig.answer = async (call) => {
      if (call.url.includes("hang")) await hanging.promise;
      else reached.resolve();
      return new Response(null, { status: 200 });
    };
    await rig.publish(topic, "m");
    await rig.publish(other, "m");
    const delivering = rig.deliver();
    await reached.promise;
    expect(hostsOf(rig.calls).filter((name) => name?.startsWith("hang")).length).toBeLessThanOrEqual(3);
    hanging.resolve();
    await delivering;
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it("settles what throws, and goes on with the others", async () => {
    await rig.subscribeWebhook(topic, url("a"));
    await rig.subscribeWebhook(topic, url("b"));
    const { d1 } = rig.sqs.store;
    // As one that was subscribed before such names were refused.
    await d1.batch([
      d1.prepare("UPDATE subscriptions SET endpoint = 'http://%zz@h.example/' WHERE endpoint LIKE '%//a.%'"),
    ]);
    await rig.publish(topic, "m");
    await rig.deliver();
    expect(hostsOf(rig.calls)).toEqual(["b"]);
    expect(rig.told[0]).toMatch(/not percent-encoded UTF-8\); they are dropped$/);
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it("counts an exception as an attempt of what was not taken", async () => {
    await rig.subscribeWebhook(topic, url("a"));
    const dead = await rig.queue("dead");
    await rig.sqs.ok("DeleteQueue", { QueueUrl: dead.url });
    const { webhooks } = rig.topics;
    webhooks.post = async ({ body }) => {
      if (JSON.parse(body).Message === "bad") throw new Error("a bug");
      return { kind: "delivered" };
    };
    for (const message of ["good", "bad"]) await rig.publish(topic, message);
    for (let at = 0; at < 6; at++) {
      await rig.deliver();
      await rig.sqs.clock.advance(30_000);
    }
    expect(rig.told).toEqual([expect.stringMatching(/1 messages .* \(a bug\); they are dropped$/)]);
    expect([await rig.rows("deliveries"), await rig.rows("publications")]).toEqual([0, 0]);
  });

  it("sends many dead letters in statements that D1 takes", { tags: ["slow"] }, async () => {
    const dead = await rig.queue("dead");
    await rig.subscribeWebhook(topic, url("a"), {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    });
    rig.answer = () => new Response(null, { status: 404 });
    for (let at = 0; at < 8; at++) await rig.publish(topic, "x".repeat(262_144));
    const sizes: number[] = [];
    const { deliveries } = rig.topics.tables;
    const settle = deliveries.settle.bind(deliveries);
    deliveries.settle = async (place, outcomes, beside = []) => {
      sizes.push(...beside.flatMap(({ values }) => values.map((value) => Buffer.byteLength(`${value}`))));
      return settle(place, outcomes, beside);
    };
    await rig.deliver();
    expect(Math.max(...sizes)).toBeLessThan(2_000_000);
    expect((await rig.received(dead.url)).length).toBe(8);
  });
});

it("an endpoint whose user name cannot be decoded is refused", async () => {
  const parameters = { TopicArn: topic, Protocol: "http", Endpoint: "http://%zz@h.example/" };
  expect(await rig.error("Subscribe", parameters)).toMatch(/^InvalidParameter: .*percent-encoded/);
});
