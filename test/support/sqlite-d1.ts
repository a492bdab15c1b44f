import { DatabaseSync, type StatementSync } from "node:sqlite";

/** What D1 answers of one statement. */
interface Outcome {
  results: unknown[];
  success: true;
  meta: { rows_read: number; rows_written: number };
}

/**
 * The part of D1's interface that `src/metadata` uses, over SQLite in this process: the same statements, the same transactions,
 * without a second process in between. For the simulation, which needs thousands of steps a second; rows read are not counted.
 */
export class SqliteD1 {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  /** `path`: ":memory:" or a file. `schema`: the migrations, in order. */
  constructor(schema: readonly string[], path = ":memory:") {
    this.database = new DatabaseSync(path);
    for (const sql of schema) this.database.exec(sql);
  }

  prepare(sql: string): BoundStatement {
    return new BoundStatement(sql, []);
  }

  /** One transaction: a statement that fails rolls all of it back. */
  async batch(statements: readonly BoundStatement[]): Promise<Outcome[]> {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      const outcomes = statements.map((statement) => this.#run(statement));
      this.database.exec("COMMIT");
      return outcomes;
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw new Error(`D1_ERROR: ${(error as Error).message}: ${codeOf(error)}`, { cause: error });
    }
  }

  close(): void {
    this.database.close();
  }

  #run({ sql, values }: BoundStatement): Outcome {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      prepared = this.database.prepare(sql);
      this.#prepared.set(sql, prepared);
    }
    const results = prepared.all(...values).map((row) => ({ ...row }));
    return { results, success: true, meta: { rows_read: 0, rows_written: 0 } };
  }
}

class BoundStatement {
  readonly sql: string;
  readonly values: readonly (string | number | null)[];

  constructor(sql: string, values: readonly (string | number | null)[]) {
    this.sql = sql;
    this.values = values;
  }

  bind(...values: (string | number | null)[]): BoundStatement {
    return new BoundStatement(this.sql, values);
  }
}

/** D1 tells SQLite's code at the end of its messages; node:sqlite keeps it apart. */
function codeOf(error: unknown): string {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && code % 256 === 19 ? "SQLITE_CONSTRAINT" : "SQLITE_ERROR";
}
