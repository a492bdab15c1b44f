import { type Database, GuardError, require, type Statement, TakenError } from "../database.ts";
import { parseJson, type TagRow } from "../rows.ts";

export interface TopicRow {
  /** Never reused. */
  readonly id: number;
  readonly accountId: string;
  readonly name: string;
  /** As its ARN has it: that of the request which made it. */
  readonly region: string;
  readonly createdMs: number;
  /** Another one after each change of the row, never used twice. */
  readonly revision: string;
  /** By the API's names, as they were set; those that were not are absent. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: readonly TagRow[];
}

export type NewTopic = Omit<TopicRow, "id">;

/** How many subscriptions a topic has. */
export interface SubscriptionCounts {
  readonly confirmed: number;
  readonly pending: number;
  /** Of those that were there once. */
  readonly deleted: number;
}

type RawTopic = Omit<TopicRow, "attributes" | "tags"> & { attributes: string; tags: string | null };

export const TOPIC_COLUMNS = `id, account_id AS "accountId", name, region, created_ms AS "createdMs", revision, attributes, tags`;

/** Topics. They lie in the first database alone. Each method is one round trip. */
export class TopicTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(accountId: string, name: string): Promise<TopicRow | null> {
    const sql = `SELECT ${TOPIC_COLUMNS} FROM topics WHERE account_id = ?1 AND name = ?2`;
    const [row] = await this.#database.all<RawTopic>(sql, accountId, name);
    return row === undefined ? null : parseTopic(row);
  }

  /** A page by name, after `after`; one more than `limit` if there are more. */
  async list(accountId: string, after: string, limit: number): Promise<Pick<TopicRow, "name" | "region">[]> {
    const sql = "SELECT name, region FROM topics WHERE account_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
    return this.#database.all(sql, accountId, after, limit + 1);
  }

  /** Throws `TakenError` if there is one of that name. */
  async create({ accountId, name, region, createdMs, revision, attributes, tags }: NewTopic): Promise<void> {
    await this.#database.batch([
      {
        sql: `INSERT INTO topics (account_id, name, region, created_ms, revision, attributes, tags) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
        values: [accountId, name, region, createdMs, revision, JSON.stringify(attributes), JSON.stringify(tags)],
      },
    ]);
  }

  /** Changes what is given. Throws `GuardError` topic_changed unless the row is still as `topic` says. */
  async change(
    topic: TopicRow,
    { attributes, tags, revision }: Partial<Pick<TopicRow, "attributes" | "tags">> & Pick<TopicRow, "revision">,
  ): Promise<void> {
    await this.#database.batch([
      requireTopic(topic),
      {
        sql: "UPDATE topics SET revision = ?2, attributes = coalesce(?3, attributes), tags = coalesce(?4, tags) WHERE id = ?1",
        values: [
          ...[topic.id, revision, attributes === undefined ? null : JSON.stringify(attributes)],
          tags === undefined ? null : JSON.stringify(tags),
        ],
      },
    ]);
  }

  /** Takes the topic away. A job deletes what belonged to it: it can be reached no more. Throws `GuardError` topic_changed. */
  async remove(topic: TopicRow): Promise<void> {
    const values = [topic.id];
    await this.#database.batch([
      requireTopic(topic),
      { sql: "INSERT INTO deleted_topics (topic_id) VALUES (?1)", values },
      { sql: "DELETE FROM topic_sequences WHERE topic_id = ?1", values },
      { sql: "DELETE FROM topics WHERE id = ?1", values },
    ]);
  }

  /** Reads an index entry for each subscription. */
  async counts({ id }: Pick<TopicRow, "id">): Promise<SubscriptionCounts> {
    const [row] = await this.#database.all<SubscriptionCounts>(
      `SELECT (SELECT count(*) FROM subscriptions WHERE topic_id = ?1 AND token IS NULL) AS confirmed,
         (SELECT count(*) FROM subscriptions WHERE topic_id = ?1 AND token IS NOT NULL) AS pending,
         coalesce((SELECT deleted_subscriptions FROM topics WHERE id = ?1), 0) AS deleted`,
      id,
    );
    return row as SubscriptionCounts;
  }
}

/** Fails a batch with topic_changed unless the topic is still what was read: nothing of it was changed, and it is there. */
export function requireTopic({ id, revision }: Pick<TopicRow, "id" | "revision">): Statement {
  return require("topic_changed", "EXISTS (SELECT 1 FROM topics WHERE id = ?1 AND revision = ?2)", [id, revision]);
}

export function isTopicChanged(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "topic_changed";
}

export function isTopicTaken(error: unknown): boolean {
  return error instanceof TakenError;
}

export function parseTopic({ attributes, tags, ...row }: RawTopic): TopicRow {
  return { ...row, attributes: JSON.parse(attributes), tags: parseJson<TagRow[]>(tags) ?? [] };
}
