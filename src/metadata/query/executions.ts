import { type Database, TakenError } from "../database.ts";

export type ExecutionState = "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";

/** A query that was started by Athena's API. */
export interface ExecutionRow {
  readonly accountId: string;
  /** Begins with the time of the start, in hex: later ones sort behind. */
  readonly id: string;
  readonly clientToken: string;
  /** JSON of what was asked for; its shape is the service's. */
  readonly request: string;
  readonly state: ExecutionState;
  /** Why it failed. */
  readonly reason: string | null;
  readonly submittedMs: number;
  readonly completedMs: number | null;
  /** `s3://bucket/key` of the result. */
  readonly output: string | null;
  /** JSON `[[name, type], …]`. */
  readonly columns: string | null;
  readonly rowCount: number | null;
  /** Rows that were read. */
  readonly scanned: number | null;
  /** 1: it is long, and background steps carry it on. */
  readonly isCarried: number;
}

const COLUMNS = `account_id AS "accountId", id, client_token AS "clientToken", request, state, reason, submitted_ms AS "submittedMs",
  completed_ms AS "completedMs", output, columns, row_count AS "rowCount", scanned,
  EXISTS (SELECT 1 FROM carried_queries c WHERE c.account_id = query_executions.account_id AND c.id = query_executions.id) AS "isCarried"`;

/** Executions of queries, in the first database. States: RUNNING → SUCCEEDED, FAILED or CANCELLED, which are final. */
export class ExecutionTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds one that is running, or returns that which was started with the same token. */
  async start(
    row: Pick<ExecutionRow, "accountId" | "id" | "clientToken" | "request" | "submittedMs">,
  ): Promise<ExecutionRow | null> {
    try {
      await this.#database.all(
        `INSERT INTO query_executions (account_id, id, client_token, request, state, submitted_ms) VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5)`,
        ...[row.accountId, row.id, row.clientToken, row.request, row.submittedMs],
      );
      return null;
    } catch (error) {
      if (!(error instanceof TakenError)) throw error;
      const [found] = await this.#database.all<ExecutionRow>(
        `SELECT ${COLUMNS} FROM query_executions WHERE account_id = ?1 AND client_token = ?2`,
        ...[row.accountId, row.clientToken],
      );
      if (found === undefined) throw error;
      return found;
    }
  }

  /** Ends one that is running; one that was cancelled meanwhile stays so. */
  async end(
    { accountId, id }: Pick<ExecutionRow, "accountId" | "id">,
    end: Pick<ExecutionRow, "state" | "reason" | "completedMs" | "output" | "columns" | "rowCount" | "scanned">,
  ): Promise<void> {
    await this.#database.all(
      `UPDATE query_executions SET state = ?3, reason = ?4, completed_ms = ?5, output = ?6, columns = ?7, row_count = ?8, scanned = ?9
       WHERE account_id = ?1 AND id = ?2 AND state = 'RUNNING'`,
      ...[accountId, id, end.state, end.reason, end.completedMs, end.output, end.columns, end.rowCount, end.scanned],
    );
  }

  async find(accountId: string, ids: readonly string[]): Promise<ExecutionRow[]> {
    return this.#database.all(
      `SELECT ${COLUMNS} FROM query_executions WHERE account_id = ?1 AND id IN (SELECT value FROM json_each(?2))`,
      ...[accountId, JSON.stringify(ids)],
    );
  }

  /** Ids of the newest, before `before` if that is not empty; one more than `limit` if there are more. */
  async list(accountId: string, before: string, limit: number): Promise<string[]> {
    const rows = await this.#database.all<{ id: string }>(
      `SELECT id FROM query_executions WHERE account_id = ?1 AND (?2 = '' OR id < ?2) ORDER BY id DESC LIMIT ?3`,
      ...[accountId, before, limit + 1],
    );
    return rows.map(({ id }) => id);
  }

  /** Deletes up to `limit` that were submitted before `beforeMs`. Returns how many. */
  async expire(beforeMs: number, limit: number): Promise<number> {
    const rows = await this.#database.all(
      `DELETE FROM query_executions WHERE (account_id, id) IN (SELECT account_id, id FROM query_executions WHERE submitted_ms < ?1 LIMIT ?2)
       RETURNING 1`,
      ...[beforeMs, limit],
    );
    return rows.length;
  }
}
