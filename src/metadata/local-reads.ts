/** As `Statement` of `database.ts`. */
interface Statement {
  sql: string;
  values: readonly (string | number | null)[];
}

/** Rows of one statement, as SQLite has them. */
export interface ReadRows {
  columns: string[];
  rows: unknown[][];
  rowsRead: number;
}

/** Reads the file of the database in this process. Throws anything if it cannot: the binding is asked then. */
export interface LocalReads {
  read(statements: readonly Statement[]): Promise<ReadRows[]>;
}

/** The object that has the database in this process, and answers `read`. */
interface Reader {
  read(statements: readonly Statement[]): Promise<ReadRows[]>;
}

/** The name of the one object, as `npm start` gives it. */
const OBJECT_NAME = "sherd";
/** Statements are constants of this folder with few variants. */
const KNOWN_MAX = 1_000;

/**
 * A binding to a Durable Object that opens the same file as the process which writes it, or null. A commit that was acknowledged there is
 * seen by every read that begins here later: SQLite's WAL is shared memory of all processes.
 */
export function localReads(binding: unknown): LocalReads | null {
  if (!isNamespace(binding)) return null;
  const id = binding.idFromName(OBJECT_NAME);
  // A stub belongs to the request that made it.
  return { read: (statements) => (binding.get(id) as unknown as Reader).read(statements) };
}

const known = new Map<string, boolean>();

/** Longer ones are no constants: queries of users. */
const KNOWN_CHARACTERS_MAX = 4_096;

/** True if the statement changes nothing, whatever the database holds. */
export function isRead({ sql }: Statement): boolean {
  let reads = known.get(sql);
  if (reads === undefined) {
    reads = /^\s*(SELECT|WITH)\b/i.test(sql) && !/\b(INSERT|UPDATE|DELETE|REPLACE)\s/i.test(sql);
    if (sql.length > KNOWN_CHARACTERS_MAX) return reads;
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(sql, reads);
  }
  return reads;
}

function isNamespace(binding: unknown): binding is DurableObjectNamespace {
  return typeof binding === "object" && binding !== null && "idFromName" in binding;
}
