import { type Database, require, type Statement } from "../database.ts";

/** What the database is called that is the only one, or the first of several. Its binding has the same name. */
export const FIRST_DATABASE = "DB";

/** Which of several databases this one is, and how large it has become. */
export class IdentityTable {
  readonly name: string;
  readonly #database: Database;

  constructor(database: Database, name: string) {
    this.#database = database;
    this.name = name;
  }

  /** Throws `GuardError` wrong_database if this is another database than the configuration takes it for. */
  async require(): Promise<void> {
    await this.#database.batch(requireIdentity(this.name));
  }

  /** As D1 counted it the last time that it was asked for anything; 0 before the first. */
  get knownSizeBytes(): number {
    return this.#database.sizeBytes;
  }
}

/** Fails the batch with wrong_database if this database is known by another name. If it has no name yet, it takes this one permanently. */
export function requireIdentity(name: string): Statement[] {
  return [
    { sql: "INSERT OR IGNORE INTO identity (id, database) VALUES (1, ?1)", values: [name] },
    require("wrong_database", "EXISTS (SELECT 1 FROM identity WHERE database = ?1)", [name]),
  ];
}
