import { strict as assert } from "node:assert";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BenchClient } from "../support/http-client.ts";
import { prepare } from "../support/sherd-server.ts";
import { percentile } from "../support/statistics.ts";
import { call, createQueue, measureReceives, type QueueRow } from "./measure.ts";
import { type QueueTarget, startOwn } from "./targets.ts";

const MILLION = 1_000_000;
/** Messages that one turn receives in tens. */
const TURN_MESSAGES = 160;
const TURNS = 12;
const ARN = "arn:aws:sqs:us-east-1:100000000001:";

/** A figure of Sherd alone. */
export interface OwnRow {
  name: string;
  value: number;
  unit: "ratio" | "ms" | "1/s";
  /** What is aimed at: `<= 1.3` and the like. */
  target?: string;
}

/**
 * Receives from a queue with a million messages beside receives from one that has about twice as many as are received. The messages are copies of a
 * row that a SendMessage made, put into the database while the server stands still. Messages have 100 bytes.
 */
export async function measureMillion(folder: string): Promise<{ rows: QueueRow[]; own: OwnRow[] }> {
  const names = ["many", "few"] as const;
  await filledFolder(folder, { many: MILLION, few: 4 * TURNS * TURN_MESSAGES });
  const target = await startOwn(folder);
  const rows: QueueRow[] = [];
  try {
    const urls = names.map((name) => `${target.endpoint}/100000000001/${name}`);
    for (const clients of [1, 16]) {
      // The first request finds nothing in memory.
      for (const url of urls) {
        await measureReceives(target, url, { clients: 1, messages: 20, operation: "warm-up" });
      }
      // In turns, so that what else the machine does falls upon both, and so does being first.
      for (let turn = 0; turn < TURNS; turn++) {
        const both = [...urls.entries()];
        for (const [at, url] of turn % 2 === 0 ? both : both.reverse()) {
          const operation = `ReceiveMessage of ${names[at]}`;
          rows.push(await measureReceives(target, url, { clients, messages: TURN_MESSAGES, operation }));
        }
      }
    }
  } finally {
    await target.stop();
  }
  const own = [1, 16].map((clients): OwnRow => {
    const secondsOf = (name: string) =>
      rows
        .filter((row) => row.clients === clients && row.operation.endsWith(name))
        .reduce((sum, row) => sum + row.messages / row.messagesPerSecond, 0);
    const value = secondsOf("many") / secondsOf("few");
    return { name: `a million messages wait : none, receives by ${clients}`, value, unit: "ratio", target: "<= 1.3" };
  });
  return { rows, own };
}

async function filledFolder(folder: string, counts: Record<string, number>): Promise<void> {
  const target = await startOwn(folder);
  try {
    for (const name of Object.keys(counts)) {
      const QueueUrl = await createQueue(target, name);
      await call(new BenchClient(), target, "SendMessage", { QueueUrl, MessageBody: "m".repeat(100) });
    }
  } finally {
    await target.stop();
  }
  const database = new DatabaseSync(await databaseIn(folder));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  const { columns } = database
    .prepare(
      "SELECT group_concat(name, ', ') AS columns FROM pragma_table_info('messages') WHERE name NOT IN ('place', 'id')",
    )
    .get() as { columns: string };
  for (const [name, count] of Object.entries(counts)) {
    database
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO messages (id, ${columns}) SELECT 'bench-' || n.i, ${columns} FROM messages m CROSS JOIN n
         WHERE m.queue_id = (SELECT id FROM queues WHERE name = ?)`,
      )
      .run(count - 1, name);
  }
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

async function databaseIn(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true });
  const found = files.filter((name) => /D1DatabaseObject.*\.sqlite$/.test(name) && !name.endsWith("metadata.sqlite"));
  assert.equal(found.length, 1, `one database in ${folder}`);
  return join(folder, found[0] as string);
}

/** PUTs of 4 KiB into a bucket with one notification beside those without, and how soon a waiting receive has the event. */
export async function measureEvents(target: QueueTarget, { puts }: { puts: number }): Promise<OwnRow[]> {
  const policy = (name: string) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          ...{ Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sqs:SendMessage" },
          Resource: `${ARN}${name}`,
        },
      ],
    });
  for (const bucket of ["plain", "noted", "heard"]) {
    await new BenchClient().expect(prepare(target.endpoint, { method: "PUT", bucket }));
  }
  const queues = { noted: "", heard: "" };
  for (const bucket of ["noted", "heard"] as const) {
    queues[bucket] = await createQueue(target, bucket, { Policy: policy(bucket) });
    const body = Buffer.from(
      `<NotificationConfiguration><QueueConfiguration><Queue>${ARN}${bucket}</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>`,
    );
    await new BenchClient().expect(prepare(target.endpoint, { method: "PUT", bucket, query: "notification", body }));
  }
  return [...(await measurePuts(target, puts)), ...(await measureLatency(target, queues.heard, puts))];
}

async function measurePuts({ endpoint }: QueueTarget, puts: number): Promise<OwnRow[]> {
  const body = Buffer.alloc(4096, "x");
  const rows: OwnRow[] = [];
  for (const clients of [1, 16]) {
    const seconds = { plain: 0, noted: 0 };
    const turns = 8;
    for (let turn = 0; turn < turns; turn++) {
      for (const bucket of turn % 2 === 0 ? (["plain", "noted"] as const) : (["noted", "plain"] as const)) {
        const startedMs = performance.now();
        await Promise.all(
          Array.from({ length: clients }, async (_, client) => {
            const http = new BenchClient();
            for (let n = client; n < puts / turns; n += clients) {
              await http.expect(prepare(endpoint, { method: "PUT", bucket, key: `${clients}/${turn}/${n}`, body }));
            }
          }),
        );
        seconds[bucket] += (performance.now() - startedMs) / 1000;
      }
    }
    rows.push(
      { name: `PUT of 4 KiB by ${clients}, without a notification`, value: puts / seconds.plain, unit: "1/s" },
      { name: `PUT of 4 KiB by ${clients}, with one`, value: puts / seconds.noted, unit: "1/s" },
      {
        name: `PUT with : without, by ${clients}`,
        value: seconds.plain / seconds.noted,
        unit: "ratio",
        target: ">= 0.8",
      },
    );
  }
  return rows;
}

/** From the answer to a PUT to the answer of a receive that waits. */
async function measureLatency(target: QueueTarget, QueueUrl: string, puts: number): Promise<OwnRow[]> {
  const [writer, reader] = [new BenchClient(), new BenchClient()];
  const body = Buffer.alloc(4096, "x");
  const receive = async () => {
    for (;;) {
      const answer = await call(reader, target, "ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 });
      const [message] = (answer.Messages ?? []) as { Body: string; ReceiptHandle: string }[];
      if (message === undefined) continue;
      const atMs = performance.now();
      await call(reader, target, "DeleteMessage", { QueueUrl, ReceiptHandle: message.ReceiptHandle });
      const key = JSON.parse(message.Body).Records?.[0].s3.object.key as string | undefined;
      // The configuration's own test message comes first.
      if (key !== undefined) return { atMs, key };
    }
  };
  const times: number[] = [];
  for (let n = 0; n < puts / 2; n++) {
    const received = receive();
    await writer.expect(prepare(target.endpoint, { method: "PUT", bucket: "heard", key: `n${n}`, body }));
    const answeredMs = performance.now();
    const { atMs, key } = await received;
    assert.equal(key, `n${n}`);
    times.push(Math.max(0, atMs - answeredMs));
  }
  times.sort((a, b) => a - b);
  return [
    { name: "from a PUT's answer to its event, p50", value: percentile(times, 0.5), unit: "ms", target: "<= 150" },
    { name: "from a PUT's answer to its event, p99", value: percentile(times, 0.99), unit: "ms", target: "<= 1000" },
  ];
}
