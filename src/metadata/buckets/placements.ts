import type { Database } from "../database.ts";

/**
 * Which bucket lies in which database: kept in the first database alone. A name that once has a database keeps it permanently, also
 * when its bucket is deleted and made again, so a reader may remember it permanently.
 */
export class PlacementTable {
  readonly #database: Database;
  readonly #first: string;

  /** `first`: what the database is called that this is. */
  constructor(database: Database, first: string) {
    this.#database = database;
    this.#first = first;
  }

  /** The database of the name, or null if it has none yet. A bucket that was there when this database was the only one has no row. */
  async find(bucket: string): Promise<string | null> {
    const [row] = await this.#database.all<{ database: string | null }>(
      `SELECT coalesce((SELECT database FROM placements WHERE bucket = ?1),
         (SELECT ?2 FROM buckets WHERE name = ?1)) AS database`,
      bucket,
      this.#first,
    );
    return row?.database ?? null;
  }

  /** Gives the name `database`, unless it has one. Returns the one that it has from now on. */
  async claim(bucket: string, database: string): Promise<string> {
    const [, [row]] = await this.#database.batch<[unknown, { database: string }]>([
      {
        sql: `INSERT OR IGNORE INTO placements (bucket, database)
              VALUES (?1, coalesce((SELECT ?3 FROM buckets WHERE name = ?1), ?2))`,
        values: [bucket, database, this.#first],
      },
      { sql: "SELECT database FROM placements WHERE bucket = ?1", values: [bucket] },
    ]);
    return (row as { database: string }).database;
  }
}
