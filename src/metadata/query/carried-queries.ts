import type { Database } from "../database.ts";

/** How far a long query has come. */
export interface CarriedQuery {
  readonly accountId: string;
  /** Of the execution. */
  readonly id: string;
  /** Name of the database that it asks. */
  readonly database: string;
  /** JSON of what its caller could see when it was started. */
  readonly sight: string;
  /** JSON of where it goes on. */
  readonly place: string;
  /** JSON of the groups so far. */
  readonly groups: string;
  /** Rows that were read. */
  readonly scanned: number;
  /** All rows are read: the result can be made of the groups. */
  readonly isDone: boolean;
}

/** A carried query and what its execution was asked for. */
export interface CarriedExecution extends CarriedQuery {
  /** JSON; its shape is the service's. */
  readonly request: string;
  readonly submittedMs: number;
}

type Raw<T> = Omit<T, "isDone"> & { isDone: number };

const COLUMNS = `c.account_id AS "accountId", c.id, c.database, c.sight, c.place, c.groups, c.scanned, c.is_done AS "isDone"`;

/** Long queries, in the first database, beside their executions. Each method is one round trip. */
export class CarriedQueryTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds one, unless the account has `max` that run already. Returns whether it did. */
  async add(row: CarriedQuery, max: number): Promise<boolean> {
    const added = await this.#database.all(
      `INSERT INTO carried_queries (account_id, id, database, sight, place, groups, scanned, is_done)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0 WHERE (SELECT count(*) FROM carried_queries c JOIN query_executions e
         ON e.account_id = c.account_id AND e.id = c.id WHERE c.account_id = ?1 AND e.state = 'RUNNING') < ?8 RETURNING 1`,
      ...[row.accountId, row.id, row.database, row.sight, row.place, row.groups, row.scanned, max],
    );
    return added.length > 0;
  }

  /** Keeps how far it came, unless somebody else has read further. */
  async save(row: CarriedQuery, before: Pick<CarriedQuery, "scanned">): Promise<void> {
    await this.#database.all(
      `UPDATE carried_queries SET place = ?3, groups = ?4, scanned = ?5, is_done = ?6
       WHERE account_id = ?1 AND id = ?2 AND scanned = ?7 AND is_done = 0`,
      ...[row.accountId, row.id, row.place, row.groups, row.scanned, row.isDone ? 1 : 0, before.scanned],
    );
  }

  async find(accountId: string, id: string): Promise<CarriedQuery | null> {
    const [row] = await this.#database.all<Raw<CarriedQuery>>(
      `SELECT ${COLUMNS} FROM carried_queries c WHERE c.account_id = ?1 AND c.id = ?2`,
      ...[accountId, id],
    );
    return row ? { ...row, isDone: row.isDone === 1 } : null;
  }

  /**
   * Those that have rows to be read, or were submitted before `beforeMs`, the oldest first; those whose execution has ended are deleted. Their groups,
   * which may be long, stay where they are.
   */
  async due(beforeMs: number, limit: number): Promise<Pick<CarriedQuery, "accountId" | "id">[]> {
    const [, rows] = await this.#database.batch<[unknown, Pick<CarriedQuery, "accountId" | "id">]>([
      {
        sql: `DELETE FROM carried_queries WHERE NOT EXISTS (SELECT 1 FROM query_executions e
              WHERE e.account_id = carried_queries.account_id AND e.id = carried_queries.id AND e.state = 'RUNNING')`,
        values: [],
      },
      {
        sql: `SELECT c.account_id AS "accountId", c.id FROM carried_queries c
              JOIN query_executions e ON e.account_id = c.account_id AND e.id = c.id
              WHERE c.is_done = 0 OR e.submitted_ms < ?1 ORDER BY c.id LIMIT ?2`,
        values: [beforeMs, limit],
      },
    ]);
    return rows;
  }

  /** Null: it is none any more, or its execution has ended. */
  async running({ accountId, id }: Pick<CarriedQuery, "accountId" | "id">): Promise<CarriedExecution | null> {
    const [row] = await this.#database.all<Raw<CarriedExecution>>(
      `SELECT ${COLUMNS}, e.request, e.submitted_ms AS "submittedMs" FROM carried_queries c
       JOIN query_executions e ON e.account_id = c.account_id AND e.id = c.id
       WHERE c.account_id = ?1 AND c.id = ?2 AND e.state = 'RUNNING'`,
      ...[accountId, id],
    );
    return row ? { ...row, isDone: row.isDone === 1 } : null;
  }
}
