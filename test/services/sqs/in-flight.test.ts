import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
let url: string;
beforeAll(async () => {
  rig = await SqsRig.open();
  url = await rig.queue("q");
  await rig.ok("SendMessage", { QueueUrl: url, MessageBody: "waits" });
});
afterAll(() => rig.dispose());

/** Rows as of messages that others have received and not deleted. */
async function inFlight(count: number): Promise<void> {
  const { d1 } = rig.store;
  const now = rig.clock.now();
  const sql = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO messages (queue_id, id, visible_ms, receives, sent_ms, sender, content)
    SELECT (SELECT id FROM queues WHERE name = 'q'), 'm' || i, ?2, 1, ?3, 's', '{}' FROM n`;
  await d1.batch([d1.prepare(sql).bind(count, now + 3_600_000, now)]);
}

describe("120,000 messages in flight", () => {
  it("one less is no limit", async () => {
    await inFlight(119_998);
    const { Messages } = await rig.ok("ReceiveMessage", { QueueUrl: url, VisibilityTimeout: 0 });
    expect(Messages).toHaveLength(1);
    const received = await rig.ok("ReceiveMessage", { QueueUrl: url, VisibilityTimeout: 600 });
    expect(received.Messages).toHaveLength(1);
  });

  it("are the most: then it is OverLimit, in every isolate", async () => {
    await inFlight(1);
    await rig.ok("SendMessage", { QueueUrl: url, MessageBody: "one more" });
    for (const service of [rig.isolate(), rig.isolate()]) {
      const { type, status } = await rig.call(rig.root(), "ReceiveMessage", { QueueUrl: url }, service);
      expect([status, type]).toEqual([403, "OverLimit"]);
    }
  });

  it("are told to nobody who waits: long polling finds nothing", async () => {
    const waiting = rig.ok("ReceiveMessage", { QueueUrl: url, WaitTimeSeconds: 2 }, rig.isolate());
    await rig.clock.advance(3_000);
    expect((await waiting).Messages ?? []).toEqual([]);
  });

  it("hold up nobody once some are deleted or visible again", async () => {
    const { d1 } = rig.store;
    await d1.batch([d1.prepare("DELETE FROM messages WHERE id = 'm7'")]);
    const { Messages } = await rig.ok("ReceiveMessage", { QueueUrl: url }, rig.isolate());
    expect(Messages[0].Body).toBe("one more");
  });
});
