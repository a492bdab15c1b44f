import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Metadata } from "../../src/metadata/metadata.ts";
import { Arrivals } from "../../src/queues/arrivals.ts";
import { DeliveryPool } from "../../src/topics/delivery-pool.ts";
import { fanOut } from "../../src/topics/fan-out.ts";
import { openTopics } from "../../src/topics/open-topics.ts";
import { type Call, SnsRig } from "../services/sns/support/sns.ts";
import { withBatchFaults } from "../support/faulty-d1.ts";

// The Nth call to D1 fails, or takes effect and fails all the same, while messages that were acknowledged are on their way to a queue and to
// a webhook, for N = 1, 2, 3 … until nothing meets it. Another isolate goes on: everything arrives, in queues once.

const MESSAGES = ["a", "b", "c"];
const MINUTE_SECONDS = 60;

let rig: SnsRig;
let topic: string;
let url: string;

beforeEach(async () => {
  rig = await SnsRig.open();
  topic = await rig.topic("news");
  const queue = await rig.queue("q");
  url = queue.url;
  await rig.subscribe(topic, queue.arn);
  await rig.subscribeWebhook(topic, "http://hooks.example.com/");
});
afterEach(() => rig.dispose());

/** An isolate whose Nth call to D1 goes wrong; the endpoint is the rig's. */
function isolate(n: number, strike: "fail" | "fail-after") {
  const { clock, sealer, store } = rig.sqs;
  let calls = 0;
  const d1 = withBatchFaults(store.d1, () => (++calls === n ? strike : null));
  const fetched: typeof fetch = async (to, init) => {
    const call: Call = { url: `${to}`, headers: { ...(init?.headers as object) }, body: `${init?.body}` };
    rig.calls.push(call);
    return rig.answer(call);
  };
  const random = (count: number) => new Uint8Array(randomBytes(count));
  const topics = openTopics(
    {},
    {
      ...{ metadata: new Metadata(d1 as unknown as D1Database), sealer, clock, random, fetch: fetched },
      ...{ arrivals: new Arrivals(clock), tell: (line: string) => rig.told.push(line) },
    },
  );
  const deliver = async () => {
    await fanOut(topics, () => false);
    await new DeliveryPool(topics).run(() => false);
  };
  return { deliver, calls: () => calls };
}

/** Longer than any claim, so that others may go on with what a dead isolate had. */
async function restart(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await rig.sqs.clock.advance(MINUTE_SECONDS * 1000);
    await rig.deliver();
  }
}

describe.each(["fail", "fail-after"] as const)("the Nth call: %s", (strike) => {
  it("what was published arrives: in a queue once, at a webhook at least once", async () => {
    let met = true;
    let n = 0;
    while (met) {
      n++;
      for (const message of MESSAGES) await rig.publish(topic, message);
      const struck = isolate(n, strike);
      await struck.deliver().catch(() => {});
      met = struck.calls() >= n;
      await restart();
      expect((await rig.texts(url)).sort(), `queue after call ${n}`).toEqual(MESSAGES);
      const called = rig.calls.map(({ body }) => JSON.parse(body).Message);
      expect([...new Set(called)].sort(), `webhook after call ${n}`).toEqual(MESSAGES);
      expect(await rig.rows("publications"), `publications after call ${n}`).toBe(0);
      rig.calls.length = 0;
    }
    expect(n).toBeGreaterThan(4);
    expect(rig.told).toEqual([]);
  });
});
