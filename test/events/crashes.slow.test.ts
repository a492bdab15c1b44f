import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deliver, type EventContext } from "../../src/events/deliver.ts";
import { openEvents } from "../../src/events/open-events.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { setNotifications } from "../../src/store/buckets/notifications.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { headObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { SnsRig } from "../services/sns/support/sns.ts";
import { STRIKES } from "../support/fail-each-call.ts";
import { pattern, put } from "../support/store.ts";
import { outcomeOf, strikeEach } from "../support/strike-each.ts";

let rig: SnsRig;
let store: StoreContext;
/** What a Cloudflare Queue got. */
let jobs: string[];
beforeEach(async () => {
  rig = await SnsRig.open();
  store = rig.sqs.store.store;
  jobs = [];
  await createBucket(store, { name: "b", owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

function eventsOf({ sqs, topics }: SnsRig): EventContext {
  const { clock, sealer } = sqs;
  const sendBatch = async (messages: Iterable<{ body: unknown }>) => {
    for (const { body } of messages) jobs.push(keyIn(JSON.stringify(body)));
  };
  const parts = { clock, random: topics.random, tell: () => {}, sealer, fetch };
  return openEvents({ JOBS: { sendBatch } }, sqs.store.store, parts);
}

const keyIn = (text: string): string => JSON.parse(text).Records[0].s3.object.key;

/** A queue that lets S3 send. */
async function queueForS3(name: string): Promise<{ url: string; arn: string }> {
  const arn = rig.sqs.arn(name);
  const statement = {
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: arn,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  return { url: await rig.sqs.queue(name, { Policy }), arn };
}

async function topicForS3(name: string): Promise<string> {
  const Resource = `arn:aws:sns:us-east-1:100000000001:${name}`;
  const statement = { Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sns:Publish", Resource };
  return rig.topic(name, { Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) });
}

async function recover(): Promise<void> {
  const events = eventsOf(rig);
  do {
    await rig.sqs.clock.advance(130_000);
    await deliver(events, () => false);
  } while ((await rig.rows("undelivered")) + (await rig.rows("publications")) > 0);
  expect([await rig.rows("outbox"), await rig.rows("undelivered"), await rig.rows("publications")]).toEqual([0, 0, 0]);
}

describe.each(STRIKES)("whichever call to D1 does: %s", (strike) => {
  it("each change that happened is told of, once to queues and topics of the server, and nothing else is", async () => {
    const queue = await queueForS3("q");
    const topic = await topicForS3("t");
    const behind = await rig.queue("behind");
    await rig.subscribe(topic, behind.arn);
    const targets = [queue.arn, topic, "arn:cloudflare:queues:::JOBS"];
    const rules = targets.map((target, index) => ({
      ...{ id: `r${index}`, kind: target === topic ? ("topic" as const) : ("queue" as const), target },
      ...{ events: ["s3:ObjectCreated:*"], prefix: null, suffix: null },
    }));
    await setNotifications(store, "b", { rules, eventBridge: false });
    const acknowledged: string[] = [];
    let last = 0;
    const calls = await strikeEach(strike, async (plan, n) => {
      const struck = rig.stricken(plan.next);
      const key = `k${n}`;
      last = n;
      const { clock } = rig.sqs;
      if (await outcomeOf(clock, putObject(struck.sqs.store.store, put("b", key, pattern(3))), plan))
        acknowledged.push(key);
      await outcomeOf(
        clock,
        deliver(eventsOf(struck), () => false),
        plan,
      );
      await recover();
    });
    expect(calls).toBeGreaterThan(7);
    const happened: string[] = [];
    for (let n = 1; n <= last; n++) {
      const found = await headObject(store, { bucket: "b", key: `k${n}` }).catch(() => null);
      if (found !== null) happened.push(`k${n}`);
    }
    expect(happened).toEqual(expect.arrayContaining(acknowledged));
    expect((await rig.received(queue.url)).map(({ Body }) => keyIn(Body)).sort()).toEqual(happened.sort());
    expect((await rig.texts(behind.url)).map(keyIn).sort()).toEqual(happened);
    expect([...new Set(jobs)].sort()).toEqual(happened);
  });
});
