import { DatabaseSync, type StatementSync } from "node:sqlite";

/** What D1 answers of one statement. */
interface Outcome {
  results: unknown[];
  success: true;
  meta: { rows_read: number; rows_written: number };
}

interface Prepared {
  statement: StatementSync;
  columns: readonly string[];
  parameters: number;
}

/** Empty databases by their schema, because migrating one takes ten times as long as copying it. */
const images = new Map<string, Uint8Array>();

function imageOf(schema: readonly string[]): Uint8Array {
  const key = schema.join("\n");
  let image = images.get(key);
  if (image === undefined) {
    const database = new DatabaseSync(":memory:");
    for (const sql of schema) database.exec(sql);
    image = database.serialize();
    database.close();
    images.set(key, image);
  }
  return image;
}

/** Twice as fast as objects from node:sqlite, whose prototype is null. */
function rowOf(columns: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at++) row[columns[at] as string] = values[at];
  return row;
}

/**
 * The part of D1's interface that `src/metadata` uses, over SQLite in this process: the same statements, the same transactions,
 * without a second process in between. For the simulation, which needs thousands of steps a second; rows read are not counted.
 */
export class SqliteD1 {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  /** `path`: ":memory:" or a file. `schema`: the migrations, in order. */
  constructor(schema: readonly string[], path = ":memory:") {
    this.database = new DatabaseSync(path);
    if (path === ":memory:") this.database.deserialize(imageOf(schema));
    else for (const sql of schema) this.database.exec(sql);
  }

  prepare(sql: string): BoundStatement {
    return new BoundStatement(sql, [], this);
  }

  /** As D1's `raw({ columnNames: true })`. */
  rawRows(sql: string, ...values: (string | number | null)[]): unknown[][] {
    try {
      requireBound(parametersOf(sql), values);
      const statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      return [statement.columns().map(({ name }) => name), ...(statement.all(...values) as unknown as unknown[][])];
    } catch (error) {
      throw new Error(`D1_ERROR: ${(error as Error).message}: ${codeOf(error)}`, { cause: error });
    }
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
      const statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      prepared = { statement, columns: statement.columns().map(({ name }) => name), parameters: parametersOf(sql) };
      this.#prepared.set(sql, prepared);
    }
    requireBound(prepared.parameters, values);
    const rows = prepared.statement.all(...values) as unknown as unknown[][];
    const { columns } = prepared;
    const results = rows.map((row) => rowOf(columns, row));
    return { results, success: true, meta: { rows_read: 0, rows_written: 0 } };
  }
}

class BoundStatement {
  readonly sql: string;
  readonly values: readonly (string | number | null)[];

  readonly #d1: SqliteD1;

  constructor(sql: string, values: readonly (string | number | null)[], d1: SqliteD1) {
    this.sql = sql;
    this.values = values;
    this.#d1 = d1;
  }

  bind(...values: (string | number | null)[]): BoundStatement {
    return new BoundStatement(this.sql, values, this.#d1);
  }

  async raw(): Promise<unknown[][]> {
    return this.#d1.rawRows(this.sql, ...this.values);
  }
}

/** How many parameters a statement has, as SQLite counts them: up to the highest ?N. */
function parametersOf(sql: string): number {
  let most = 0;
  for (const [, number] of sql.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\?(\d*)/g)) {
    if (number !== undefined) most = number === "" ? most + 1 : Math.max(most, Number(number));
  }
  return most;
}

/** node:sqlite lets missing parameters be null; D1 refuses the statement, and one with too many too. */
function requireBound(parameters: number, values: readonly unknown[]): void {
  if (parameters !== values.length) throw new Error("Wrong number of parameter bindings for SQL query.");
}

/** D1 tells SQLite's code at the end of its messages; node:sqlite keeps it apart. */
function codeOf(error: unknown): string {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && code % 256 === 19 ? "SQLITE_CONSTRAINT" : "SQLITE_ERROR";
}
