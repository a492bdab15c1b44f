import type { Statement } from "../database.ts";

/** A message that is to be sent. */
export interface NewMessage {
  /** A UUID. */
  readonly id: string;
  readonly visibleMs: number;
  /** The message group of a FIFO queue; null in a standard queue. */
  readonly lane: string | null;
  /** Unique id of the sender. */
  readonly sender: string;
  /** The group that a message in a standard queue was given. */
  readonly groupId: string | null;
  readonly deduplicationId: string | null;
  /** What the content is sealed for; null: it is plain. */
  readonly sealedAs: string | null;
  /** The data key of the KMS that it is sealed with, encrypted; null: it is sealed under the server's root secret, if at all. */
  readonly dataKey: string | null;
  readonly content: string;
}

/** A message as ReceiveMessage takes it. */
export interface MessageRow extends NewMessage {
  /** Of the row. It is given to another message when the row is gone. */
  readonly place: number;
  readonly queueId: number;
  /** How often it was received, this time included, in all queues. */
  readonly receives: number;
  readonly sentMs: number;
  readonly firstReceivedMs: number;
  /** Of a FIFO queue. */
  readonly sequence: number | null;
  /** ARN of the queue that it came from, if this is a dead letter queue. */
  readonly source: string | null;
}

export const MESSAGE_COLUMNS = `place, queue_id AS "queueId", id, visible_ms AS "visibleMs", receives, sent_ms AS "sentMs",
  first_received_ms AS "firstReceivedMs", lane, sequence, sender, group_id AS "groupId", deduplication_id AS "deduplicationId", source,
  sealed_as AS "sealedAs", data_key AS "dataKey", content`;

/** What one receive of a message is known by afterwards. It holds until the message is received again. */
export interface ReceiptRow {
  readonly place: number;
  readonly id: string;
  /** Which receive it was. */
  readonly receives: number;
}

/** How messages are taken. */
export interface Taking {
  readonly count: number;
  readonly nowMs: number;
  /** Until when they are hidden. */
  readonly visibleMs: number;
  /** Messages that were sent before this are over. */
  readonly sentAfterMs: number;
  /** Null: messages are received however often. */
  readonly redrive: Redrive | null;
}

export interface Redrive {
  readonly accountId: string;
  /** Name of the dead letter queue. */
  readonly deadLetter: string;
  readonly receivesMax: number;
  /** ARN of the queue that messages leave. */
  readonly source: string;
}

/** Counts of messages; each message is in one of them. */
export interface MessageCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/**
 * Takes the messages whose place `places` tells (SQL: `IN (…)` or `= (…)`, over ?1 the queue, ?2 now, ?4 the retention and ?5 the count):
 * those that were received too often go to the dead letter queue, if it is there; the others are received.
 */
export function takeStatement(places: string, queueId: number, taking: Taking): Statement {
  const { nowMs, visibleMs, sentAfterMs, redrive, count } = taking;
  const received = `receives = receives + 1, visible_ms = ?3, first_received_ms = coalesce(first_received_ms, ?2)`;
  if (redrive === null) {
    const sql = `UPDATE messages SET ${received} WHERE place ${places} RETURNING ${MESSAGE_COLUMNS}`;
    return { sql, values: [queueId, nowMs, visibleMs, sentAfterMs, count] };
  }
  // Bound to it once: the statement sees the row as it was.
  const dead = `receives - receives_before >= ?6 AND d.id IS NOT NULL AND d.id <> ?1`;
  return {
    sql: `UPDATE messages SET
            queue_id = CASE WHEN ${dead} THEN d.id ELSE queue_id END,
            source = CASE WHEN ${dead} THEN ?7 ELSE source END,
            receives_before = CASE WHEN ${dead} THEN receives ELSE receives_before END,
            sent_ms = CASE WHEN ${dead} AND lane IS NOT NULL THEN ?2 ELSE sent_ms END,
            visible_ms = CASE WHEN ${dead} THEN ?2 ELSE ?3 END,
            first_received_ms = coalesce(first_received_ms, ?2),
            receives = CASE WHEN ${dead} THEN receives ELSE receives + 1 END
          FROM (SELECT (SELECT id FROM queues WHERE account_id = ?8 AND name = ?9) AS id) d
          WHERE place ${places} RETURNING ${MESSAGE_COLUMNS}`,
    values: [
      ...[queueId, nowMs, visibleMs, sentAfterMs, count],
      ...[redrive.receivesMax, redrive.source, redrive.accountId, redrive.deadLetter],
    ],
  };
}
