import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deliver, type EventContext } from "../../src/events/deliver.ts";
import { type Source, type Target, TargetRefused } from "../../src/events/target.ts";
import { GuardError } from "../../src/metadata/database.ts";
import { DataKeyRefused } from "../../src/sealing/data-keys.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { setNotifications } from "../../src/store/buckets/notifications.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

const QUEUE = "arn:aws:sqs:us-east-1:100000000001:q";
const OUTSIDE = "arn:cloudflare:queues:::JOBS";
const DEAD = "arn:aws:sqs:us-east-1:100000000001:dead";
const BUS = "arn:aws:sqs:us-east-1:100000000001:bus";

let rig: TestStore;
let clock: ManualClock;
let context: EventContext;
/** What each target has, by keys of objects. */
let arrived: Map<string, string[]>;
let refusing: Set<string>;
/** Queues whose KMS cannot be reached. */
let unreachable: Set<string>;
let told: string[];
/** What runs between the reading of the outbox and the batch that takes news out of it. */
let meanwhile: () => Promise<void>;

beforeEach(async () => {
  clock = new ManualClock();
  rig = await openTestStore({ clock });
  arrived = new Map();
  refusing = new Set();
  unreachable = new Set();
  told = [];
  meanwhile = async () => {};
  context = {
    databases: [rig.store.metadata],
    targets: { open },
    topics: null,
    clock,
    settings: { retrySeconds: 3600, deadLetterArn: null, busArn: null },
    tell: (line) => told.push(line),
  };
  await createBucket(rig.store, { name: "b", owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

async function open(arn: string, source: Source): Promise<Target> {
  expect(source.accountId).toBe("100000000001");
  await meanwhile();
  if (refusing.has(arn) || refusing.has(source.arn)) throw new TargetRefused("no entry");
  if (unreachable.has(arn)) throw new DataKeyRefused({ kind: "unavailable", reason: "no answer" });
  const receive = (messages: readonly string[]) => {
    arrived.set(arn, [...(arrived.get(arn) ?? []), ...messages.map(keyIn)]);
  };
  if (arn === OUTSIDE) return { kind: "outside", send: async (messages) => receive(messages) };
  return { kind: "inBatch", batch: (messages) => ({ statements: [], committed: () => receive(messages) }) };
}

function keyIn(text: string): string {
  const message = JSON.parse(text);
  return message.Records?.[0].s3.object.key ?? `bus:${message.detail.object.key}`;
}

function listen(...targets: string[]): Promise<void> {
  const rules = targets.map((target, index) => {
    const events = ["s3:ObjectCreated:*"];
    return { id: `r${index}`, kind: "queue", target, events, prefix: null, suffix: null };
  });
  return setNotifications(rig.store, "b", { rules, eventBridge: context.settings.busArn !== null });
}

const write = (...keys: string[]) =>
  keys.reduce(async (before, key) => {
    await before;
    await putObject(rig.store, put("b", key, pattern(3)));
  }, Promise.resolve());
const run = (): ReturnType<typeof deliver> => deliver(context, () => false);

describe("delivery", () => {
  it("brings each message once, in order, and leaves nothing", async () => {
    await listen(QUEUE);
    await write("a", "c", "b");
    expect(await run()).toMatchObject({ announced: 3, delivered: 3, waiting: 0 });
    expect(await run()).toMatchObject({ announced: 0, delivered: 0 });
    expect(arrived.get(QUEUE)).toEqual(["a", "c", "b"]);
    expect(await rig.store.metadata.outbox.backlog()).toEqual({ fresh: 0, undelivered: 0, oldestMs: null });
  });

  it("costs two round trips, however many messages, if nothing waits", async () => {
    await listen(QUEUE);
    await write(..."abcdefghij");
    rig.takeCost();
    await run();
    expect(rig.takeCost().roundTrips).toBe(2);
  });

  it("goes by the configuration of the moment of the change", async () => {
    await listen(QUEUE);
    await write("a");
    await setNotifications(rig.store, "b", null);
    await write("unheard");
    await run();
    expect(arrived.get(QUEUE)).toEqual(["a"]);
    await clock.advance(10);
    expect(await rig.store.metadata.outbox.forgetReplaced(clock.now())).toBe(1);
  });

  it("of two at the same time delivers once", async () => {
    await listen(QUEUE);
    await write("a", "b");
    let other: Promise<unknown> | null = null;
    meanwhile = async () => {
      if (other !== null) return;
      other = run();
      await other;
    };
    await run();
    expect(arrived.get(QUEUE)).toEqual(["a", "b"]);
  });

  it.each(["access_changed", "queue_changed"] as const)("begins anew at once after %s", async (guard) => {
    await listen(QUEUE);
    await write("a");
    const { outbox } = rig.store.metadata;
    const take = vi.spyOn(outbox, "take").mockRejectedValueOnce(new GuardError(guard));
    expect(await run()).toMatchObject({ announced: 1, delivered: 1 });
    take.mockClear().mockRejectedValue(new GuardError(guard));
    await write("b");
    expect(await run()).toMatchObject({ announced: 0 });
    expect(take).toHaveBeenCalledTimes(3);
    take.mockRestore();
    await run();
    expect(arrived.get(QUEUE)).toEqual(["a", "b"]);
  });

  it("calls targets outside after the batch, in order", async () => {
    await listen(OUTSIDE);
    await write("a", "b");
    await run();
    expect(arrived.get(OUTSIDE)).toEqual(["a", "b"]);
  });

  it("sends to the event bus what the bus has", async () => {
    context = { ...context, settings: { ...context.settings, busArn: BUS } };
    await listen(QUEUE);
    await write("a");
    await run();
    expect(arrived.get(BUS)).toEqual(["bus:a"]);
    expect(arrived.get(QUEUE)).toEqual(["a"]);
  });
});

describe("a target that refuses", () => {
  it("gets everything in order once it takes it, and holds up no other", async () => {
    await listen(QUEUE, OUTSIDE);
    refusing.add(QUEUE);
    await write("a");
    await run();
    await write("b");
    await run();
    expect(arrived.get(OUTSIDE)).toEqual(["a", "b"]);
    expect(arrived.get(QUEUE)).toBeUndefined();
    refusing.clear();
    await write("c");
    await clock.advance(300_000);
    await run();
    expect(arrived.get(QUEUE)).toEqual(["a", "b", "c"]);
  });

  it("is not asked all the time", async () => {
    await listen(QUEUE);
    refusing.add(QUEUE);
    await write("a");
    await run();
    let asked = 0;
    meanwhile = async () => {
      asked += 1;
    };
    await run();
    await run();
    expect(asked).toBe(0);
  });

  it("is given up after its time, which is said", async () => {
    await listen(QUEUE);
    refusing.add(QUEUE);
    await write("a");
    await run();
    await clock.advance(3_601_000);
    expect(await run()).toMatchObject({ givenUp: 1 });
    expect(told).toEqual([
      `1 events for ${QUEUE} of arn:aws:s3:::b could not be delivered (no entry); they are dropped`,
    ]);
    expect(await rig.store.metadata.outbox.backlog()).toMatchObject({ undelivered: 0 });
  });

  it("has a dead letter queue, if one is configured", async () => {
    context = { ...context, settings: { ...context.settings, deadLetterArn: DEAD } };
    await listen(QUEUE);
    refusing.add(QUEUE);
    await write("a");
    await run();
    await clock.advance(3_601_000);
    await run();
    expect(arrived.get(DEAD)).toEqual(["a"]);
  });

  it("holds up no other bucket that it takes messages from", async () => {
    await createBucket(rig.store, { name: "other", owner: "root", region: "us-east-1" });
    const rule = { id: "r", kind: "queue", target: QUEUE, events: ["s3:ObjectCreated:*"], prefix: null, suffix: null };
    await setNotifications(rig.store, "other", { rules: [rule], eventBridge: false });
    await listen(QUEUE);
    refusing.add("arn:aws:s3:::other");
    await putObject(rig.store, put("other", "unwelcome", pattern(3)));
    await run();
    await write("a");
    await run();
    await clock.advance(3_601_000);
    expect(await run()).toMatchObject({ givenUp: 1 });
    expect(arrived.get(QUEUE)).toEqual(["a"]);
  });

  it("lets publications go on where what waited may have been for a topic", async () => {
    let passes = 0;
    const fresh = async () => {
      passes++;
      return null;
    };
    context = {
      ...context,
      topics: { clock, tables: { publications: { fresh } } } as unknown as EventContext["topics"],
    };
    await listen(OUTSIDE);
    refusing.add(OUTSIDE);
    await write("a");
    await run();
    refusing.clear();
    await clock.advance(301_000);
    passes = 0;
    expect(await run()).toMatchObject({ announced: 0, delivered: 1 });
    expect(passes).toBe(1);
    await run();
    expect(passes).toBe(1);
  });

  it.each([
    ["a queue", [QUEUE]],
    ["a dead letter queue", [DEAD]],
  ])("or is %s whose KMS cannot be reached holds up no other", async (_, out) => {
    context = { ...context, settings: { ...context.settings, deadLetterArn: DEAD } };
    await listen(QUEUE, OUTSIDE);
    if (!out.includes(QUEUE)) refusing.add(QUEUE);
    for (const arn of out) unreachable.add(arn);
    await write("a");
    expect(await run()).toMatchObject({ announced: 1 });
    await run();
    expect(arrived.get(OUTSIDE)).toEqual(["a"]);
    if (out.includes(DEAD)) await clock.advance(3_601_000);
    expect(await run()).toMatchObject({ givenUp: 0 });
    unreachable.clear();
    await clock.advance(301_000);
    await run();
    expect([arrived.get(QUEUE), arrived.get(DEAD)]).toEqual(
      out.includes(QUEUE) ? [["a"], undefined] : [undefined, ["a"]],
    );
    expect(await rig.store.metadata.outbox.backlog()).toMatchObject({ undelivered: 0 });
  });

  it("ends nothing if the dead letter queue refuses too", async () => {
    context = { ...context, settings: { ...context.settings, deadLetterArn: DEAD } };
    await listen(QUEUE);
    for (const arn of [QUEUE, DEAD]) refusing.add(arn);
    await write("a");
    await run();
    await clock.advance(3_601_000);
    expect(await run()).toMatchObject({ givenUp: 1 });
    expect(told.at(-1)).toBe(`${DEAD} does not take them (no entry); they are dropped`);
    expect(await rig.store.metadata.outbox.backlog()).toMatchObject({ undelivered: 0 });
  });
});
