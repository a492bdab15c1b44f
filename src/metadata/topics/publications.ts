import { type Database, GuardError, require, type Statement } from "../database.ts";
import { type NewPublication, publishStatements } from "./publishing.ts";
import { parseSubscription, SUBSCRIPTION_COLUMNS, type SubscriptionRow } from "./subscriptions.ts";
import { parseTopic, requireTopic, TOPIC_COLUMNS, type TopicRow } from "./topics.ts";

/** The same, of a FIFO topic. */
export interface NewFifoPublication extends NewPublication {
  /** Where its deduplication id counts: "" in all of the topic, otherwise in this group. */
  readonly scope: string;
  readonly deduplicationKey: string;
}

export interface PublicationRow extends NewPublication {
  readonly id: number;
  readonly topicId: number;
  /** Of a FIFO topic. */
  readonly sequence: number | null;
}

/** Publications of one topic that have got equally far, and the subscriptions that are next. */
export interface FreshPublications {
  /** Null: the topic was deleted. */
  readonly topic: TopicRow | null;
  readonly publications: readonly PublicationRow[];
  /** Those up to this place have them. */
  readonly reached: number;
  readonly subscriptions: readonly SubscriptionRow[];
  /** How often fan-out of this topic has failed. Above 0, fewer publications and subscriptions are read at a time. */
  readonly failures: number;
}

/** What is known of a topic whose fan-out failed: it waits until `nextMs`. */
export interface TopicFailure {
  readonly attempts: number;
  readonly nextMs: number;
}

/** After this many failures in a row, one publication goes to one subscription at a time. */
const NARROW_FAILURES = 4;

/** How long a deduplication id counts. */
export const TOPIC_DEDUPLICATION_MS = 300_000;

const COLUMNS = `id, topic_id AS "topicId", message_id AS "messageId", at_ms AS "atMs", sequence, sealed_as AS "sealedAs", content`;

/**
 * What was published and has not been delivered. A publication is fresh (`reached` is a place) until every subscription has it, either
 * delivered or as a row of `deliveries`; then it goes when the last of those rows does. Each method is one round trip.
 */
export class PublicationTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Publishes all, or none. Once this resolves they outlive any crash. Throws `GuardError` topic_changed. */
  async publish(topic: TopicRow, messages: readonly NewPublication[]): Promise<void> {
    await this.#database.batch(publishStatements(topic, messages));
  }

  /** The same to a FIFO topic, without those that are duplicates. Tells for each which message stands for it. */
  async publishFifo(
    topic: TopicRow,
    messages: readonly NewFifoPublication[],
    nowMs: number,
  ): Promise<{ messageId: string; sequence: number }[]> {
    const results = await this.#database.batch<unknown[]>([
      requireTopic(topic),
      {
        sql: `INSERT INTO topic_sequences (topic_id, last) VALUES (?1, ?2 * 1024 + ?3)
              ON CONFLICT DO UPDATE SET last = max(last + ?3, excluded.last)`,
        values: [topic.id, nowMs, messages.length],
      },
      ...messages.flatMap((one, index) =>
        fifoStatements(topic.id, one, { nowMs, behind: messages.length - 1 - index }),
      ),
    ]);
    return messages.map(
      (_, index) => (results[2 + 3 * index + 2] as { messageId: string; sequence: number }[])[0] as never,
    );
  }

  /**
   * The oldest fresh publications of one topic, up to `limits.bytes` of content (one at least), and the next subscriptions. Topics that
   * wait after a failure are left out. After a failure a topic's publications come one by one, to ever fewer subscriptions.
   */
  async fresh(limits: {
    publications: number;
    bytes: number;
    subscriptions: number;
    nowMs: number;
  }): Promise<FreshPublications | null> {
    const waits = "EXISTS (SELECT 1 FROM topic_failures w WHERE w.topic_id = publications.topic_id AND w.next_ms > ?1)";
    const first = `SELECT topic_id, reached, coalesce((SELECT attempts FROM topic_failures w WHERE w.topic_id = publications.topic_id), 0) AS failures
      FROM publications INDEXED BY publications_fresh WHERE reached IS NOT NULL AND NOT ${waits} ORDER BY id LIMIT 1`;
    const some = `SELECT p.*, f.failures FROM publications p INDEXED BY publications_fresh, (${first}) f
      WHERE p.reached IS NOT NULL AND p.topic_id = f.topic_id AND p.reached = f.reached ORDER BY p.id LIMIT ?2`;
    const summed = `SELECT *, sum(length(content)) OVER (ORDER BY id) - length(content) AS before, row_number() OVER (ORDER BY id) AS number FROM (${some})`;
    type RawPublication = PublicationRow & { reached: number; failures: number };
    const [publications, topics, subscriptions] = await this.#database.batch<
      [RawPublication, Parameters<typeof parseTopic>[0], Parameters<typeof parseSubscription>[0]]
    >([
      {
        sql: `SELECT ${COLUMNS}, reached, failures FROM (${summed}) WHERE before < ?3 AND (failures = 0 OR number = 1) ORDER BY id`,
        values: [limits.nowMs, limits.publications, limits.bytes],
      },
      {
        sql: `SELECT ${TOPIC_COLUMNS} FROM topics WHERE id = (SELECT topic_id FROM (${first}))`,
        values: [limits.nowMs],
      },
      {
        sql: `SELECT ${SUBSCRIPTION_COLUMNS} FROM (${first}) f JOIN subscriptions s ON s.topic_id = f.topic_id AND s.place > f.reached
              ORDER BY s.place LIMIT max(1, ?2 >> (2 * coalesce((SELECT min(failures, ${NARROW_FAILURES}) FROM (${first})), 0)))`,
        values: [limits.nowMs, limits.subscriptions],
      },
    ]);
    const [oldest] = publications;
    if (oldest === undefined) return null;
    const [topic] = topics;
    return {
      topic: topic === undefined ? null : parseTopic(topic),
      publications: publications.map(({ reached: _, failures: __, ...row }) => row),
      reached: oldest.reached,
      subscriptions: subscriptions.map(parseSubscription),
      failures: oldest.failures,
    };
  }

  /**
   * Notes how far publications have come, with what `beside` delivers in the same batch, and with deliveries that remain to be made.
   * `reached` null: every subscription has them. Throws `GuardError` publication_taken if somebody else has brought them further.
   */
  async advance(
    { publications, reached: before, failures }: Pick<FreshPublications, "publications" | "reached" | "failures">,
    {
      reached,
      deliveries,
      nowMs,
    }: { reached: number | null; deliveries: readonly [subscription: number, publication: number][]; nowMs: number },
    beside: readonly Statement[],
  ): Promise<void> {
    const ids = JSON.stringify(publications.map(({ id }) => id));
    const listed = "id IN (SELECT value FROM json_each(?1))";
    await this.#database.batch([
      require("publication_taken", `(SELECT count(*) FROM publications WHERE ${listed} AND reached = ?2) = ?3`, [
        ...[ids, before, publications.length],
      ]),
      ...beside,
      {
        sql: `INSERT OR IGNORE INTO deliveries (subscription, publication, since_ms, next_ms)
              SELECT value ->> 0, value ->> 1, ?2, 0 FROM json_each(?1)`,
        values: [JSON.stringify(deliveries), nowMs],
      },
      { sql: `UPDATE publications SET reached = ?2 WHERE ${listed}`, values: [ids, reached] },
      ...(reached === null ? [dropDelivered(ids)] : []),
      ...(failures > 0 ? [forgetFailure(publications[0]?.topicId ?? 0, reached === null)] : []),
    ]);
  }

  /** Lets a topic wait whose fan-out failed. */
  async noteFailure(topicId: number, { attempts, nextMs }: TopicFailure): Promise<void> {
    await this.#database.batch([
      {
        sql: `INSERT INTO topic_failures (topic_id, attempts, next_ms) VALUES (?1, ?2, ?3)
              ON CONFLICT DO UPDATE SET attempts = excluded.attempts, next_ms = excluded.next_ms`,
        values: [topicId, attempts, nextMs],
      },
    ]);
  }
}

/** A topic that failed goes on with care until the publication that failed has reached everybody. */
function forgetFailure(topicId: number, isThrough: boolean): Statement {
  return isThrough
    ? { sql: "DELETE FROM topic_failures WHERE topic_id = ?1", values: [topicId] }
    : {
        sql: `UPDATE topic_failures SET attempts = min(attempts, ${NARROW_FAILURES}), next_ms = 0 WHERE topic_id = ?1`,
        values: [topicId],
      };
}

/** Deletes publications of the list (JSON) that nobody waits for any more. */
export function dropDelivered(ids: string): Statement {
  return {
    sql: `DELETE FROM publications WHERE id IN (SELECT value FROM json_each(?1)) AND reached IS NULL
            AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.publication = publications.id)`,
    values: [ids],
  };
}

/** Three statements; the last tells which message stands for this one. `behind`: how many more the batch publishes after it. */
function fifoStatements(
  topicId: number,
  { messageId, atMs, sealedAs, content, scope, deduplicationKey }: NewFifoPublication,
  { nowMs, behind }: { nowMs: number; behind: number },
): Statement[] {
  const sequence = "(SELECT last FROM topic_sequences WHERE topic_id = ?1)";
  const notBefore = nowMs - TOPIC_DEDUPLICATION_MS;
  return [
    {
      sql: `INSERT INTO publications (topic_id, message_id, at_ms, sequence, sealed_as, content, reached)
            SELECT ?1, ?2, ?3, ${sequence} - ?4, ?5, ?6, 0
            WHERE NOT EXISTS (SELECT 1 FROM topic_deduplications WHERE topic_id = ?1 AND scope = ?7 AND key = ?8 AND at_ms > ?9) RETURNING id`,
      values: [topicId, messageId, atMs, behind, sealedAs, content, scope, deduplicationKey, notBefore],
      isNews: true,
    },
    {
      sql: `INSERT INTO topic_deduplications (topic_id, scope, key, at_ms, message_id, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ${sequence} - ?6)
            ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, message_id = excluded.message_id, sequence = excluded.sequence WHERE at_ms <= ?7`,
      values: [topicId, scope, deduplicationKey, nowMs, messageId, behind, notBefore],
    },
    {
      sql: `SELECT message_id AS "messageId", sequence FROM topic_deduplications WHERE topic_id = ?1 AND scope = ?2 AND key = ?3`,
      values: [topicId, scope, deduplicationKey],
    },
  ];
}

/** Somebody else has brought a publication further. */
export function isPublicationTaken(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "publication_taken";
}
