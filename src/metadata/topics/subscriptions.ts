import { type Database, GuardError, require, type Statement, TakenError } from "../database.ts";
import { type NewPublication, publishDirectly } from "./publishing.ts";
import { parseTopic, requireTopic, TOPIC_COLUMNS, type TopicRow } from "./topics.ts";

export interface SubscriptionRow {
  /** Order of subscriptions. Never reused. */
  readonly place: number;
  /** A UUID: the end of its ARN. */
  readonly id: string;
  readonly topicId: number;
  /** Who subscribed. */
  readonly accountId: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** What the subscriber called this server: documents name it. */
  readonly origin: string;
  readonly createdMs: number;
  /** What confirms it; null: it is confirmed. */
  readonly token: string | null;
  /** Whether it was confirmed by a signed request, or one that demands a signature for its end. */
  readonly authenticated: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

export type NewSubscription = Omit<SubscriptionRow, "place" | "topicId">;

/** A subscription as lists show it. */
export type ListedSubscription = Pick<
  SubscriptionRow,
  "place" | "id" | "accountId" | "protocol" | "endpoint" | "token"
> & {
  readonly topicArn: string;
};

/** A subscription with the topic that it belongs to. */
export interface FoundSubscription {
  readonly subscription: SubscriptionRow;
  readonly topic: TopicRow;
}

type Raw = Omit<SubscriptionRow, "attributes" | "authenticated"> & { attributes: string; authenticated: number };

export const SUBSCRIPTION_COLUMNS = `s.place, s.id, s.topic_id AS "topicId", s.account_id AS "accountId", s.protocol, s.endpoint, s.origin,
  s.created_ms AS "createdMs", s.token, s.authenticated, s.attributes`;

const ARN = "'arn:aws:sns:' || t.region || ':' || t.account_id || ':' || t.name";
const LISTED = `s.place, s.id, s.account_id AS "accountId", s.protocol, s.endpoint, s.token, ${ARN} AS "topicArn"`;

/** Filter policies that a topic's subscriptions may have: "Filter policy constraints" in the SNS Developer Guide. */
export const FILTERS_PER_TOPIC_MAX = 200;

/** Subscriptions. They lie in the first database alone. Each method is one round trip. */
export class SubscriptionTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The one that an endpoint has of a topic already. */
  async ofEndpoint(
    topicId: number,
    { protocol, endpoint }: Pick<SubscriptionRow, "protocol" | "endpoint">,
  ): Promise<SubscriptionRow | null> {
    const sql = `SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions s WHERE s.topic_id = ?1 AND s.protocol = ?2 AND s.endpoint = ?3`;
    const [row] = await this.#database.all<Raw>(sql, topicId, protocol, endpoint);
    return row === undefined ? null : parseSubscription(row);
  }

  /** By its id, if its topic is there. */
  async find(id: string): Promise<FoundSubscription | null> {
    const [subscriptions, topics] = await this.#database.batch<[Raw, Parameters<typeof parseTopic>[0]]>([
      { sql: `SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions s WHERE s.id = ?1`, values: [id] },
      {
        sql: `SELECT ${TOPIC_COLUMNS} FROM topics WHERE id = (SELECT topic_id FROM subscriptions WHERE id = ?1)`,
        values: [id],
      },
    ]);
    const [row] = subscriptions;
    const [topic] = topics;
    if (row === undefined || topic === undefined) return null;
    return { subscription: parseSubscription(row), topic: parseTopic(topic) };
  }

  /** The one that waits for this token. */
  async ofToken(topicId: number, token: string): Promise<SubscriptionRow | null> {
    const sql = `SELECT ${SUBSCRIPTION_COLUMNS} FROM subscriptions s WHERE s.topic_id = ?1 AND s.token = ?2`;
    const [row] = await this.#database.all<Raw>(sql, topicId, token);
    return row === undefined ? null : parseSubscription(row);
  }

  /** A page of a topic's, after a place; one more than `limit` if there are more. */
  async ofTopic(topicId: number, after: number, limit: number): Promise<ListedSubscription[]> {
    const sql = `SELECT ${LISTED} FROM subscriptions s JOIN topics t ON t.id = s.topic_id
      WHERE s.topic_id = ?1 AND s.place > ?2 ORDER BY s.place LIMIT ?3`;
    return this.#database.all(sql, topicId, after, limit + 1);
  }

  /** The same, of an account's whatever the topic. */
  async ofAccount(accountId: string, after: number, limit: number): Promise<ListedSubscription[]> {
    const sql = `SELECT ${LISTED} FROM subscriptions s JOIN topics t ON t.id = s.topic_id
      WHERE s.account_id = ?1 AND s.place > ?2 ORDER BY s.place LIMIT ?3`;
    return this.#database.all(sql, accountId, after, limit + 1);
  }

  /**
   * Subscribes, and sends the confirmation's document if there is one. Throws `GuardError` topic_changed, and subscription_changed if the
   * topic has too many filter policies; `TakenError` if the endpoint is subscribed.
   */
  async create(topic: TopicRow, one: NewSubscription, confirmation: NewPublication | null): Promise<void> {
    const hasFilter = one.attributes.FilterPolicy === undefined ? 0 : 1;
    await this.#database.batch([
      requireTopic(topic),
      ...(hasFilter ? [requireRoomForFilter(topic.id, one.id)] : []),
      {
        sql: `INSERT INTO subscriptions (id, topic_id, account_id, protocol, endpoint, origin, created_ms, token, authenticated, has_filter, attributes, asked_ms)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?7)`,
        values: [
          ...[one.id, topic.id, one.accountId, one.protocol, one.endpoint, one.origin, one.createdMs, one.token],
          ...[one.authenticated ? 1 : 0, hasFilter, JSON.stringify(one.attributes)],
        ],
      },
      ...(confirmation === null ? [] : publishDirectly(topic.id, one.id, confirmation)),
    ]);
  }

  /** Sends the confirmation's document of a pending one once more, unless that was done since `notSinceMs`. Returns whether it was sent. */
  async sendAgain(
    one: SubscriptionRow,
    confirmation: NewPublication,
    { nowMs, notSinceMs }: { nowMs: number; notSinceMs: number },
  ): Promise<boolean> {
    const isDue = "EXISTS (SELECT 1 FROM subscriptions WHERE place = ?1 AND asked_ms <= ?2)";
    try {
      await this.#database.batch([
        require("subscription_changed", isDue, [one.place, notSinceMs]),
        { sql: "UPDATE subscriptions SET asked_ms = ?2 WHERE place = ?1", values: [one.place, nowMs] },
        ...publishDirectly(one.topicId, one.id, confirmation),
      ]);
      return true;
    } catch (error) {
      if (!isSubscriptionChanged(error)) throw error;
      return false;
    }
  }

  /** Confirms, if it still waits for its token. Throws `GuardError` subscription_changed. */
  async confirm(one: SubscriptionRow, authenticated: boolean): Promise<void> {
    await this.#database.batch([
      requireToken(one),
      {
        sql: "UPDATE subscriptions SET token = NULL, authenticated = ?2 WHERE place = ?1",
        values: [one.place, authenticated ? 1 : 0],
      },
    ]);
  }

  /** Sets the attributes. Throws `GuardError` subscription_changed if they are others by now, or if the topic has too many filters. */
  async change(one: SubscriptionRow, attributes: SubscriptionRow["attributes"]): Promise<void> {
    const hasFilter = attributes.FilterPolicy === undefined ? 0 : 1;
    await this.#database.batch([
      require("subscription_changed", "EXISTS (SELECT 1 FROM subscriptions WHERE place = ?1 AND attributes = ?2)", [
        one.place,
        JSON.stringify(one.attributes),
      ]),
      ...(hasFilter ? [requireRoomForFilter(one.topicId, one.id)] : []),
      {
        sql: "UPDATE subscriptions SET attributes = ?2, has_filter = ?3 WHERE place = ?1",
        values: [one.place, JSON.stringify(attributes), hasFilter],
      },
    ]);
  }

  /** Ends a subscription, and what is on its way to it. */
  async remove(one: Pick<SubscriptionRow, "place" | "topicId">): Promise<void> {
    await this.#database.batch([
      ...endDeliveries([one.place]),
      { sql: "DELETE FROM subscriptions WHERE place = ?1", values: [one.place] },
      {
        sql: "UPDATE topics SET deleted_subscriptions = deleted_subscriptions + 1 WHERE id = ?1 AND changes() > 0",
        values: [one.topicId],
      },
    ]);
  }

  /** Ends it as far as messages go: it waits for a new token, of which its endpoint is told. Throws `GuardError` subscription_changed. */
  async suspend(
    one: SubscriptionRow,
    { token, nowMs, message }: { token: string; nowMs: number; message: NewPublication },
  ): Promise<void> {
    await this.#database.batch([
      require("subscription_changed", "EXISTS (SELECT 1 FROM subscriptions WHERE place = ?1 AND token IS NULL)", [
        one.place,
      ]),
      ...endDeliveries([one.place]),
      {
        sql: "UPDATE subscriptions SET token = ?2, created_ms = ?3, asked_ms = ?3 WHERE place = ?1",
        values: [one.place, token, nowMs],
      },
      ...publishDirectly(one.topicId, one.id, message),
    ]);
  }
}

/** Drops what is on its way to subscriptions. */
export function endDeliveries(places: readonly number[]): Statement[] {
  const values = [JSON.stringify(places)];
  const listed = "subscription IN (SELECT value FROM json_each(?1))";
  return [
    {
      sql: `DELETE FROM publications WHERE reached IS NULL AND id IN (SELECT publication FROM deliveries WHERE ${listed})
              AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.publication = publications.id AND NOT d.${listed})`,
      values,
    },
    { sql: `DELETE FROM deliveries WHERE ${listed}`, values },
  ];
}

function requireToken({ place, token }: SubscriptionRow): Statement {
  const there = "EXISTS (SELECT 1 FROM subscriptions WHERE place = ?1 AND token = ?2)";
  return require("subscription_changed", there, [place, token]);
}

/** Reads an index entry for each filter policy of the topic. */
function requireRoomForFilter(topicId: number, id: string): Statement {
  return require("subscription_changed", `(SELECT count(*) FROM subscriptions WHERE topic_id = ?1 AND has_filter = 1 AND id <> ?2) < ${FILTERS_PER_TOPIC_MAX}`, [
    topicId,
    id,
  ]);
}

export function isSubscriptionChanged(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "subscription_changed";
}

export function isSubscribedAlready(error: unknown): boolean {
  return error instanceof TakenError;
}

export function parseSubscription({ attributes, authenticated, ...row }: Raw): SubscriptionRow {
  return { ...row, attributes: JSON.parse(attributes), authenticated: authenticated === 1 };
}
