import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqsRig } from "../services/sqs/support/sqs.ts";

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open({ countsRows: true });
});
afterAll(() => rig.dispose());

/** Rows of a queue that nobody sent: as many as a test of thousands of messages needs, without sealing each. */
async function fill(
  name: string,
  { count, visibleMs, receives = 0 }: { count: number; visibleMs: number; receives?: number },
) {
  const { d1 } = rig.store;
  const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO messages (queue_id, id, visible_ms, receives, sent_ms, sender, content)
    SELECT (SELECT id FROM queues WHERE name = ?2), 'id' || i, ?3 + i, ?4, ?5, 'x', '1:a' FROM n`;
  await d1.batch([d1.prepare(sql).bind(count, name, visibleMs, receives, rig.clock.now() - 3_600_000)]);
}

async function costOf(work: () => Promise<unknown>) {
  rig.store.takeCost();
  await work();
  return rig.store.takeCost();
}

const entries = Array.from({ length: 10 }, (_, n) => ({ Id: `${n}`, MessageBody: "a".repeat(1024) }));

describe("rows", () => {
  const messageRows = async (count: number) => {
    const name = `rows-${count}`;
    const QueueUrl = await rig.queue(name);
    const nowMs = rig.clock.now();
    if (count > 0) {
      await fill(name, { count, visibleMs: nowMs - 3_000_000 });
      await fill(name, { count, visibleMs: nowMs + 1_000_000, receives: 1 });
      await fill(name, { count, visibleMs: nowMs + 500_000 });
    }
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "first" });
    const one = await costOf(() => rig.ok("SendMessage", { QueueUrl, MessageBody: "a".repeat(1024) }));
    expect(one.roundTrips).toBe(1);
    expect(one.rowsRead).toBeLessThanOrEqual(3);
    expect(one.rowsWritten).toBeLessThanOrEqual(2);
    const ten = await costOf(() => rig.ok("SendMessageBatch", { QueueUrl, Entries: entries }));
    expect(ten.roundTrips).toBe(1);
    expect(ten.rowsRead).toBeLessThanOrEqual(30);
    expect(ten.rowsWritten).toBeLessThanOrEqual(20);
    let handles: { Id: string; ReceiptHandle: string }[] = [];
    await rig.ok("ReceiveMessage", { QueueUrl });
    const received = await costOf(async () => {
      const { Messages } = await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
      handles = Messages.map(({ ReceiptHandle }: { ReceiptHandle: string }, n: number) => ({
        Id: `${n}`,
        ReceiptHandle,
      }));
    });
    expect(handles).toHaveLength(10);
    expect(received.roundTrips).toBe(1);
    expect(received.rowsRead).toBeLessThanOrEqual(40);
    expect(received.rowsWritten).toBeLessThanOrEqual(30);
    const deleted = await costOf(() => rig.ok("DeleteMessageBatch", { QueueUrl, Entries: handles }));
    expect(deleted.roundTrips).toBe(1);
    expect(deleted.rowsRead).toBeLessThanOrEqual(45);
    expect(deleted.rowsWritten).toBeLessThanOrEqual(20);
  };
  it("of a message of an empty queue", () => messageRows(0));
  it("of a message with 100,000 messages waiting, in flight and delayed", { tags: ["slow"] }, () =>
    messageRows(100_000),
  );

  it("of a FIFO queue do not grow with a group of thousands that waits behind one message", async () => {
    const QueueUrl = await rig.queue("rows.fifo", { ContentBasedDeduplication: "true" });
    for (let n = 0; n < 60; n++) {
      const Entries = entries.map(({ Id }) => ({
        Id,
        MessageBody: `${n}/${Id}`,
        MessageGroupId: n < 30 ? "long" : `g${n}`,
      }));
      await rig.ok("SendMessageBatch", { QueueUrl, Entries });
    }
    const sent = await costOf(() => rig.ok("SendMessage", { QueueUrl, MessageBody: "x", MessageGroupId: "long" }));
    expect(sent).toMatchObject({ roundTrips: 1 });
    expect(sent.rowsWritten).toBeLessThanOrEqual(7);
    const received = await costOf(async () => {
      const { Messages } = await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
      expect(Messages).toHaveLength(10);
    });
    // What is in flight is counted once a minute.
    expect(received).toMatchObject({ roundTrips: 2 });
    expect(received.rowsRead).toBeLessThanOrEqual(160);
    const next = await costOf(async () => {
      const { Messages } = await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
      expect(Messages).toHaveLength(10);
    });
    expect(next).toMatchObject({ roundTrips: 1 });
    expect(next.rowsRead).toBeLessThanOrEqual(160);
  });
});
