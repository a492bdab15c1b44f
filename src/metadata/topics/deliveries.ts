import type { Database, Statement } from "../database.ts";
import { dropDelivered, type PublicationRow } from "./publications.ts";
import { parseSubscription, SUBSCRIPTION_COLUMNS, type SubscriptionRow } from "./subscriptions.ts";
import { parseTopic, TOPIC_COLUMNS, type TopicRow } from "./topics.ts";

/** A delivery that somebody has claimed. */
export interface ClaimedDelivery {
  readonly publication: PublicationRow;
  /** This one included. */
  readonly attempts: number;
  readonly sinceMs: number;
}

/** What one subscription waits for. */
export interface ClaimedLine {
  readonly topic: TopicRow;
  readonly subscription: SubscriptionRow;
  readonly deliveries: readonly ClaimedDelivery[];
}

/** A subscription that something is due for. */
export interface DueLine {
  readonly place: number;
  /** Of the subscriber; null: the subscription is gone. */
  readonly accountId: string | null;
}

/** What became of a delivery: it is over, or waits until `nextMs`. */
export type Outcome =
  | { readonly publicationId: number; readonly nextMs: null }
  | {
      readonly publicationId: number;
      readonly nextMs: number;
      readonly attempts: number;
      readonly failure: string | null;
    };

/** Messages for subscriptions that could not be delivered with the batch that took them out of `publications`. Each method is one round trip. */
export class DeliveryTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Subscriptions that something is due for, by their places after `after`. Reads an index entry for each that something waits for. */
  async dueAfter(after: number, { nowMs, limit }: { nowMs: number; limit: number }): Promise<DueLine[]> {
    const next = "(SELECT min(subscription) FROM deliveries WHERE subscription > line.place)";
    return this.#database.all<DueLine>(
      `WITH RECURSIVE line (place) AS (
         SELECT min(subscription) FROM deliveries WHERE subscription > ?1
         UNION ALL SELECT ${next} FROM line WHERE line.place IS NOT NULL)
       SELECT place, (SELECT account_id FROM subscriptions s WHERE s.place = line.place) AS "accountId" FROM line WHERE place IS NOT NULL
         AND EXISTS (SELECT 1 FROM deliveries d WHERE d.subscription = line.place AND d.next_ms <= ?2) LIMIT ?3`,
      ...[after, nowMs, limit],
    );
  }

  /** A place at `fraction` of all that something waits for: where a pass may begin, so that not always the same come first. */
  async placeAt(fraction: number): Promise<number> {
    const sql = "SELECT CAST(?1 * coalesce(max(subscription), 0) AS INTEGER) AS place FROM deliveries";
    const [row] = await this.#database.all<{ place: number }>(sql, fraction);
    return row?.place ?? 0;
  }

  /**
   * Up to `limit` deliveries of a subscription that are due, those that were tried least first, for one who has them until `untilMs`.
   * Null: somebody else has them, or its topic is gone.
   */
  async claim(
    place: number,
    { nowMs, untilMs, limit, bytes }: { nowMs: number; untilMs: number; limit: number; bytes: number },
  ): Promise<ClaimedLine | null> {
    const due = `SELECT d.publication, sum(length(p.content)) OVER (ORDER BY d.attempts, d.publication) - length(p.content) AS before
      FROM deliveries d JOIN publications p ON p.id = d.publication
      WHERE d.subscription = ?1 AND d.next_ms <= ?2 ORDER BY d.attempts, d.publication LIMIT ?4`;
    type RawDelivery = { id: number; attempts: number; sinceMs: number };
    const [claimed, publications, subscriptions, topics] = await this.#database.batch<
      [RawDelivery, PublicationRow, Parameters<typeof parseSubscription>[0], Parameters<typeof parseTopic>[0]]
    >([
      {
        sql: `UPDATE deliveries SET next_ms = ?3, attempts = attempts + 1
              WHERE subscription = ?1 AND publication IN (SELECT publication FROM (${due}) WHERE before < ?5)
              RETURNING publication AS id, attempts, since_ms AS "sinceMs"`,
        values: [place, nowMs, untilMs, limit, bytes],
      },
      {
        sql: `SELECT p.id, p.topic_id AS "topicId", p.message_id AS "messageId", p.at_ms AS "atMs", p.sequence, p.sealed_as AS "sealedAs", p.content
              FROM deliveries d JOIN publications p ON p.id = d.publication WHERE d.subscription = ?1 AND d.next_ms = ?2`,
        values: [place, untilMs],
      },
      { sql: `SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions s WHERE s.place = ?1`, values: [place] },
      {
        sql: `SELECT ${TOPIC_COLUMNS} FROM topics WHERE id = (SELECT topic_id FROM subscriptions WHERE place = ?1)`,
        values: [place],
      },
    ]);
    const [subscription] = subscriptions;
    const [topic] = topics;
    if (claimed.length === 0 || subscription === undefined || topic === undefined) return null;
    const contents = new Map(publications.map((one) => [one.id, one]));
    const deliveries = claimed
      .map(({ id, ...rest }) => ({ ...rest, publication: contents.get(id) as PublicationRow }))
      .sort((a, b) => a.attempts - b.attempts || a.publication.id - b.publication.id);
    return { topic: parseTopic(topic), subscription: parseSubscription(subscription), deliveries };
  }

  /** What became of deliveries of a subscription, with what `beside` does in the same batch (dead letters). */
  async settle(place: number, outcomes: readonly Outcome[], beside: readonly Statement[] = []): Promise<void> {
    const over = JSON.stringify(
      outcomes.filter(({ nextMs }) => nextMs === null).map(({ publicationId }) => publicationId),
    );
    const waiting = outcomes.flatMap((one) =>
      one.nextMs === null ? [] : [[one.publicationId, one.nextMs, one.attempts, one.failure]],
    );
    await this.#database.batch([
      ...beside,
      {
        sql: "DELETE FROM deliveries WHERE subscription = ?2 AND publication IN (SELECT value FROM json_each(?1))",
        values: [over, place],
      },
      dropDelivered(over),
      {
        sql: `UPDATE deliveries SET next_ms = j.value ->> 1, attempts = j.value ->> 2, failure = j.value ->> 3 FROM json_each(?1) j
              WHERE subscription = ?2 AND publication = j.value ->> 0`,
        values: [JSON.stringify(waiting), place],
      },
    ]);
  }
}
