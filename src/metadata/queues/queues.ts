import { type Database, GuardError, require, type Statement, TakenError } from "../database.ts";
import { parseJson, type TagRow } from "../rows.ts";

export interface QueueRow {
  /** Never reused. */
  readonly id: number;
  readonly accountId: string;
  readonly name: string;
  /** As its ARN has it: that of the request which made it. */
  readonly region: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  /** Another one after each change of the row, never used twice. */
  readonly revision: string;
  /** By the API's names, as they were set; those that were not are absent. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: readonly TagRow[];
  readonly purgedMs: number | null;
}

/** A queue that is to be made. */
export type NewQueue = Omit<QueueRow, "id" | "purgedMs"> & {
  /** Name of the dead letter queue, in the same account; null: none. */
  readonly deadLetter: string | null;
};

/** What may be changed of a queue. */
export interface QueueChange {
  readonly attributes?: QueueRow["attributes"];
  /** Goes with `attributes`. */
  readonly deadLetter?: string | null;
  readonly tags?: readonly TagRow[];
  readonly modifiedMs: number;
  readonly revision: string;
}

type RawQueue = Omit<QueueRow, "attributes" | "tags"> & { attributes: string; tags: string | null };

const COLUMNS = `id, account_id AS "accountId", name, region, created_ms AS "createdMs", modified_ms AS "modifiedMs", revision, attributes, tags,
  purged_ms AS "purgedMs"`;

/** Queues. They lie in the first database alone. */
export class QueueTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(accountId: string, name: string): Promise<QueueRow | null> {
    const sql = `SELECT ${COLUMNS} FROM queues WHERE account_id = ?1 AND name = ?2`;
    const [row] = await this.#database.all<RawQueue>(sql, accountId, name);
    return row === undefined ? null : parseQueue(row);
  }

  /** Those of [account, name] pairs that are there. */
  async findAll(names: readonly (readonly [accountId: string, name: string])[]): Promise<QueueRow[]> {
    const rows = await this.#database.all<RawQueue>(
      `SELECT ${COLUMNS} FROM queues WHERE (account_id, name) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`,
      JSON.stringify(names),
    );
    return rows.map(parseQueue);
  }

  /** A page by name of those whose names begin with `prefix`, after `after`; one more than `limit` if there are more. */
  async list(
    accountId: string,
    { prefix, after, limit }: { prefix: string; after: string; limit: number },
  ): Promise<string[]> {
    const rows = await this.#database.all<{ name: string }>(
      `SELECT name FROM queues WHERE account_id = ?1 AND name > ?2 AND name >= ?3 AND name < ?4 ORDER BY name LIMIT ?5`,
      accountId,
      after,
      prefix,
      `${prefix}\u{10ffff}`,
      limit + 1,
    );
    return rows.map(({ name }) => name);
  }

  /** The same, of queues whose dead letter queue is `deadLetter`. */
  async sourcesOf(
    accountId: string,
    { deadLetter, after, limit }: { deadLetter: string; after: string; limit: number },
  ): Promise<string[]> {
    const rows = await this.#database.all<{ name: string }>(
      `SELECT name FROM queues WHERE account_id = ?1 AND dead_letter = ?2 AND name > ?3 ORDER BY name LIMIT ?4`,
      accountId,
      deadLetter,
      after,
      limit + 1,
    );
    return rows.map(({ name }) => name);
  }

  /** Throws `TakenError` if there is one of that name, and `GuardError` queue_deleted_recently. */
  async create(queue: NewQueue, deletedSinceMs: number): Promise<void> {
    const { accountId, name, region, createdMs, modifiedMs, revision, attributes, deadLetter, tags } = queue;
    await this.#database.batch([
      require("queue_deleted_recently", "NOT EXISTS (SELECT 1 FROM deleted_queues WHERE account_id = ?1 AND name = ?2 AND deleted_ms > ?3)", [
        accountId,
        name,
        deletedSinceMs,
      ]),
      {
        sql: `INSERT INTO queues (account_id, name, region, created_ms, modified_ms, revision, attributes, dead_letter, tags)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
        values: [
          ...[accountId, name, region, createdMs, modifiedMs, revision],
          ...[JSON.stringify(attributes), deadLetter, JSON.stringify(tags)],
        ],
      },
    ]);
  }

  /** Changes what is given. Throws `GuardError` queue_changed unless the row is still as `queue` says. */
  async change(queue: QueueRow, { attributes, deadLetter, tags, modifiedMs, revision }: QueueChange): Promise<void> {
    await this.#database.batch([
      requireQueue(queue),
      {
        sql: `UPDATE queues SET modified_ms = ?2, revision = ?3, attributes = coalesce(?4, attributes),
                dead_letter = CASE WHEN ?4 IS NULL THEN dead_letter ELSE ?5 END, tags = coalesce(?6, tags) WHERE id = ?1`,
        values: [
          ...[queue.id, modifiedMs, revision, attributes === undefined ? null : JSON.stringify(attributes)],
          ...[deadLetter ?? null, tags === undefined ? null : JSON.stringify(tags)],
        ],
      },
    ]);
  }

  /** Takes the queue away. Its messages can be reached no more; a job deletes them. Moves out of it end. Throws `GuardError` queue_changed. */
  async remove(queue: QueueRow, nowMs: number): Promise<void> {
    await this.#database.batch([
      requireQueue(queue),
      {
        sql: "INSERT INTO deleted_queues (queue_id, account_id, name, deleted_ms) VALUES (?1, ?2, ?3, ?4)",
        values: [queue.id, queue.accountId, queue.name, nowMs],
      },
      endMoves(queue.id),
      { sql: "DELETE FROM queues WHERE id = ?1", values: [queue.id] },
    ]);
  }

  /**
   * Gives the queue another id, under which it is empty, so that it is purged at once however much is in it; a job deletes what was
   * in it. Moves of it end. Throws `GuardError` queue_changed.
   */
  async purge(queue: QueueRow, { revision, nowMs }: { revision: string; nowMs: number }): Promise<void> {
    await this.#database.batch([
      requireQueue(queue),
      {
        // Without a name: it does not count as a queue that was deleted.
        sql: "INSERT INTO deleted_queues (queue_id, account_id, name, deleted_ms) VALUES (?1, ?2, '', ?3)",
        values: [queue.id, queue.accountId, nowMs],
      },
      {
        sql: `INSERT INTO queues (account_id, name, region, created_ms, modified_ms, revision, attributes, dead_letter, tags, purged_ms)
              SELECT account_id, '', region, created_ms, modified_ms, ?2, attributes, dead_letter, tags, ?3 FROM queues WHERE id = ?1`,
        values: [queue.id, revision, nowMs],
      },
      {
        sql: `UPDATE message_sequences SET queue_id = (SELECT id FROM queues WHERE account_id = ?2 AND name = '') WHERE queue_id = ?1`,
        values: [queue.id, queue.accountId],
      },
      endMoves(queue.id),
      {
        sql: `UPDATE message_moves SET source_id = (SELECT id FROM queues WHERE account_id = ?2 AND name = '') WHERE source_id = ?1`,
        values: [queue.id, queue.accountId],
      },
      {
        sql: `UPDATE message_deduplications SET queue_id = (SELECT id FROM queues WHERE account_id = ?2 AND name = '') WHERE queue_id = ?1`,
        values: [queue.id, queue.accountId],
      },
      { sql: "DELETE FROM queues WHERE id = ?1", values: [queue.id] },
      {
        sql: "UPDATE queues SET name = ?2 WHERE account_id = ?1 AND name = ''",
        values: [queue.accountId, queue.name],
      },
    ]);
  }
}

/** Ends the move that is running out of a queue: its messages can be reached no more. */
function endMoves(queueId: number): Statement {
  const sql = "UPDATE message_moves SET state = 'CANCELLED' WHERE source_id = ?1 AND state = 'RUNNING'";
  return { sql, values: [queueId] };
}

/** Fails a batch with queue_changed unless the queue is still what was read: nothing of it was changed, and it is there. */
export function requireQueue({ id, revision }: Pick<QueueRow, "id" | "revision">): Statement {
  return require("queue_changed", "EXISTS (SELECT 1 FROM queues WHERE id = ?1 AND revision = ?2)", [id, revision]);
}

/** Whether a batch failed because of `requireQueue`. */
export function isQueueChanged(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "queue_changed";
}

export function isQueueDeletedRecently(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "queue_deleted_recently";
}

export function isQueueTaken(error: unknown): boolean {
  return error instanceof TakenError;
}

function parseQueue({ attributes, tags, ...row }: RawQueue): QueueRow {
  return { ...row, attributes: JSON.parse(attributes), tags: parseJson<TagRow[]>(tags) ?? [] };
}
