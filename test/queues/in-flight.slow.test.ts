import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { queueLimits } from "../../src/queues/settings.ts";
import { SqsRig } from "../services/sqs/support/sqs.ts";

let rig: SqsRig;
beforeEach(async () => {
  rig = await SqsRig.open();
});
afterEach(() => rig.dispose());

const MOST = queueLimits.inFlight;

function run(sql: string, ...values: (string | number)[]) {
  const { d1 } = rig.store;
  return d1.batch([d1.prepare(sql).bind(...values)]);
}

/** Messages in flight that nobody received: as many as the limit is, without a request for each. `lane`: SQL over their number `i`. */
function fly(queue: string, count: number, lane = "NULL") {
  return run(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO messages (queue_id, id, visible_ms, receives, sent_ms, lane, sequence, sender, content)
     SELECT (SELECT id FROM queues WHERE name = ?2), 'id' || i, ?3, 1, ?4, ${lane}, iif(${lane} IS NULL, NULL, i), 'x', '1:a' FROM n`,
    ...[count, queue, rig.clock.now() + 3_600_000, rig.clock.now()],
  );
}

const receive = async (QueueUrl: string, more: object = {}) => {
  const { Messages = [] } = await rig.ok("ReceiveMessage", { QueueUrl, ...more });
  return Messages as { ReceiptHandle: string }[];
};

it("120,000 messages of a queue can be in flight, as AWS says", () => {
  expect(MOST).toBe(120_000);
});

describe("a standard queue with as many messages in flight as may be", () => {
  it("answers OverLimit, and gives messages again when some are deleted", async () => {
    const QueueUrl = await rig.queue("full");
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "a" });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "b" });
    await fly("full", MOST - 1);
    const [last] = await receive(QueueUrl);
    expect(last).toBeDefined();
    expect(await rig.error("ReceiveMessage", { QueueUrl })).toContain("OverLimit: ");
    const elsewhere = await rig.call(rig.root(), "ReceiveMessage", { QueueUrl }, rig.isolate());
    expect(elsewhere).toMatchObject({ status: 403, type: "OverLimit" });
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle: last?.ReceiptHandle });
    expect(await receive(QueueUrl)).toHaveLength(1);
  });

  it("tells a long poll nothing of it", async () => {
    const QueueUrl = await rig.queue("full");
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "a" });
    await fly("full", MOST);
    const waiting = receive(QueueUrl, { WaitTimeSeconds: 2 });
    await rig.clock.advance(2_000);
    expect(await waiting).toEqual([]);
  });
});

describe("a FIFO queue with as many messages in flight as may be", () => {
  beforeEach(async () => {
    const QueueUrl = await rig.queue("full.fifo", { ContentBasedDeduplication: "true" });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "a", MessageGroupId: "waiting" });
    await fly("full.fifo", MOST, "'g' || (i / 10)");
    await run(
      `INSERT INTO message_groups (queue_id, lane, ready_ms)
       SELECT queue_id, lane, max(visible_ms) FROM messages WHERE receives > 0 GROUP BY queue_id, lane`,
    );
  });

  it("gives none, without an error, until some are deleted", async () => {
    const QueueUrl = "http://sqs.test/100000000001/full.fifo";
    expect(await receive(QueueUrl)).toEqual([]);
    await run("DELETE FROM messages WHERE lane = 'g7'");
    expect(await receive(QueueUrl)).toHaveLength(1);
  });
});
