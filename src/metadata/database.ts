import type { LocalBatches } from "./local-batches.ts";
import { isRead, type LocalReads, type ReadRows } from "./local-reads.ts";

/** What a table's code needs of D1: statements by name, batches, and failures in words that the store understands. */

/** Why a batch was rolled back on purpose: the name of the constraint of table `guard` that it ran into. */
export type Guard =
  | "no_such_bucket"
  | "bucket_changed"
  | "bucket_access_changed"
  | "bucket_not_empty"
  | "no_such_upload"
  | "part_changed"
  | "blob_gone"
  | "exists_already"
  | "etag_differs"
  | "no_such_key"
  | "object_changed"
  | "wrong_database"
  | "bucket_elsewhere"
  | "access_changed"
  | "news_taken"
  | "bucket_quota_exceeded"
  | "account_quota_exceeded"
  | "queue_changed"
  | "queue_deleted_recently"
  | "topic_changed"
  | "subscription_changed"
  | "publication_taken";

/** A batch ran into a guard: nothing of it was applied. */
export class GuardError extends Error {
  readonly guard: Guard;

  constructor(guard: Guard) {
    super(`guard ${guard}`);
    this.name = "GuardError";
    this.guard = guard;
  }
}

/** Whether a batch failed because what a caller may, or a key, was changed. */
export function isAccessChanged(error: unknown): boolean {
  return error instanceof GuardError && error.guard === "access_changed";
}

/** A unique name is taken (a bucket's): nothing of the batch was applied. */
export class TakenError extends Error {}

/** D1 did not answer, or answered with a failure of its own. For a write: it may or may not have been applied. */
export class MetadataUnavailable extends Error {}

/** One statement and its parameters, numbered ?1, ?2 … A BLOB never travels: bytes are base64 text (D1 sends BLOBs as JSON arrays of numbers). */
export interface Statement {
  sql: string;
  values: readonly (string | number | null)[];
  /** Each row that comes back is one that went into the outbox. */
  isNews?: boolean;
}

export interface Cost {
  roundTrips: number;
  rowsRead: number;
  rowsWritten: number;
  /** How many changes were put into the outbox, where any were. */
  news?: number;
}

/** Adds up what round trips cost. */
export class CostMeter implements Cost {
  roundTrips = 0;
  rowsRead = 0;
  rowsWritten = 0;
  /** Is told when changes were put into the outbox. */
  onNews: () => void = () => {};

  readonly observe = (cost: Cost): void => {
    if (cost.news !== undefined) this.onNews();
    this.roundTrips += cost.roundTrips;
    this.rowsRead += cost.rowsRead;
    this.rowsWritten += cost.rowsWritten;
  };
}

/** Told what each round trip to D1 cost. */
export type CostObserver = (cost: Cost) => void;

/** Rows as SQLite has them. */
export interface TableRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Null: D1 does not say. */
  readonly rowsRead: number | null;
}

/** One D1 database, as the tables' code asks it. */
export abstract class Database {
  /** How large D1 said that the database was after the last batch; 0 before the first. */
  abstract get sizeBytes(): number;

  /** Runs all statements in one transaction and one round trip; returns each one's rows. All or nothing is applied. */
  abstract batch<Rows extends unknown[]>(statements: readonly Statement[]): Promise<{ [N in keyof Rows]: Rows[N][] }>;

  /** Runs one statement that reads in one round trip: its columns may have any names, also twice the same. */
  abstract table(sql: string, ...values: (string | number | null)[]): Promise<TableRows>;

  /** Runs one statement in one round trip; returns its rows. */
  async all<Row>(sql: string, ...values: (string | number | null)[]): Promise<Row[]> {
    const [rows] = await this.batch<[Row]>([{ sql, values }]);
    return rows;
  }
}

/** Ways to a database on the same machine that do without the binding. */
export interface LocalWays {
  /** Where its file can be read. */
  readonly reads?: LocalReads | null;
  /** Where batches can be run. */
  readonly batches?: LocalBatches | null;
}

/** What one statement of a batch returned. */
interface Ran {
  readonly rows: unknown[];
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

/** The database behind a binding. */
export class BoundDatabase extends Database {
  readonly #d1: D1Database;
  readonly #observe: CostObserver;
  readonly #reads: LocalReads | null;
  readonly #batches: LocalBatches | null;
  #sizeBytes = 0;

  constructor(d1: D1Database, observe: CostObserver = () => {}, { reads, batches }: LocalWays = {}) {
    super();
    this.#d1 = d1;
    this.#observe = observe;
    this.#reads = reads ?? null;
    this.#batches = batches ?? null;
  }

  override get sizeBytes(): number {
    return this.#sizeBytes;
  }

  override async batch<Rows extends unknown[]>(
    statements: readonly Statement[],
  ): Promise<{ [N in keyof Rows]: Rows[N][] }> {
    const rows = this.#reads && statements.every(isRead) ? await this.#readLocally(this.#reads, statements) : null;
    if (rows) return rows as { [N in keyof Rows]: Rows[N][] };
    try {
      const results = await (this.#batches ? this.#runLocally(this.#batches, statements) : this.#run(statements));
      const cost: Cost = { roundTrips: 1, rowsRead: 0, rowsWritten: 0 };
      for (const [index, { rows: found, rowsRead, rowsWritten }] of results.entries()) {
        if (statements[index]?.isNews && found.length > 0) cost.news = (cost.news ?? 0) + found.length;
        cost.rowsRead += rowsRead;
        cost.rowsWritten += rowsWritten;
      }
      this.#observe(cost);
      return results.map((result) => result.rows) as { [N in keyof Rows]: Rows[N][] };
    } catch (error) {
      this.#observe({ roundTrips: 1, rowsRead: 0, rowsWritten: 0 });
      throw translate(error);
    }
  }

  async #run(statements: readonly Statement[]): Promise<Ran[]> {
    const prepared = statements.map(({ sql, values }) => this.#d1.prepare(sql).bind(...values));
    const results = await this.#d1.batch(prepared);
    this.#sizeBytes = results.at(-1)?.meta.size_after ?? this.#sizeBytes;
    return results.map(({ meta, results: rows }) => {
      return { rows, rowsRead: meta.rows_read ?? 0, rowsWritten: meta.rows_written ?? 0 };
    });
  }

  async #runLocally(batches: LocalBatches, statements: readonly Statement[]): Promise<Ran[]> {
    const answer = await batches.run(statements);
    if ("error" in answer) throw new Error(answer.error);
    this.#sizeBytes = answer.sizeBytes;
    return answer.results.map((result) => ({ ...result, rows: namedRows(result) }));
  }

  override async table(sql: string, ...values: (string | number | null)[]): Promise<TableRows> {
    const statement = { sql, values };
    if (this.#reads && isRead(statement)) {
      const [read] = (await this.#reads.read([statement]).catch(unlessItsOwn)) ?? [];
      if (read !== undefined) {
        this.#observe({ roundTrips: 1, rowsRead: read.rowsRead, rowsWritten: 0 });
        return read as TableRows;
      }
    }
    this.#observe({ roundTrips: 1, rowsRead: 0, rowsWritten: 0 });
    try {
      const [columns = [], ...rows] = await this.#d1
        .prepare(sql)
        .bind(...values)
        .raw({ columnNames: true });
      return { columns, rows: rows as (string | number | null)[][], rowsRead: null };
    } catch (error) {
      throw translate(error);
    }
  }

  /** Counted as a round trip: where it is one does not depend on the machine. Null: the process that writes must be asked. */
  async #readLocally(reads: LocalReads, statements: readonly Statement[]): Promise<unknown[][] | null> {
    let answered: ReadRows[];
    try {
      answered = await reads.read(statements);
    } catch {
      // Whatever it is (a lock, a process that is being started anew): the process that writes answers, or says what is wrong.
      return null;
    }
    const cost = { roundTrips: 1, rowsRead: 0, rowsWritten: 0 };
    for (const { rowsRead } of answered) cost.rowsRead += rowsRead;
    this.#observe(cost);
    return answered.map(namedRows);
  }
}

/** What is wrong with the statement itself would be wrong at the binding too, and keep others waiting there. */
function unlessItsOwn(error: unknown): null {
  if (/SQLITE_(ERROR|TOOBIG|MISMATCH|NOMEM)/.test(String(error))) throw translate(error);
  return null;
}

function namedRows({ columns, rows }: ReadRows): unknown[] {
  return rows.map((row) => {
    const named: Record<string, unknown> = {};
    for (let at = 0; at < columns.length; at++) named[columns[at] as string] = row[at];
    return named;
  });
}

function translate(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const guard = /CHECK constraint failed: (\w+)/.exec(message)?.[1];
  if (guard !== undefined) return new GuardError(guard as Guard);
  if (message.includes("UNIQUE constraint failed")) return new TakenError(message);
  // A statement that SQLite cannot run, or a schema that was not migrated: a bug or a mistake, which waiting does not fix.
  if (message.includes("SQLITE_ERROR") && error instanceof Error) return error;
  return new MetadataUnavailable(message, { cause: error });
}

/** A statement that fails the batch with `guard` unless `condition` (SQL, over ?1 …) holds. */
export function require(guard: Guard, condition: string, values: Statement["values"]): Statement {
  return { sql: `INSERT INTO guard (${guard}) SELECT 1 WHERE NOT (${condition})`, values };
}
