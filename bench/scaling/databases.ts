import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RandomBytes } from "../../src/base/random.ts";
import { Metadata } from "../../src/metadata/metadata.ts";
import { openStores } from "../../src/store/buckets/databases.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { SqliteD1 } from "../../test/support/sqlite-d1.ts";
import { openTestStore } from "../../test/support/store.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");

type Statement = Parameters<SqliteD1["batch"]>[0][number];

/** Calls to the databases since the last `take`. */
export interface Asked {
  roundTrips: number;
  /** Of those, to the first database. */
  ofFirst: number;
  rows: number;
}

/** Databases with the real tables, in SQLite, whose sizes the simulation sets: `DB`, `DB_2`, … */
export class SimulatedDatabases {
  readonly #parts: Omit<StoreContext, "metadata">;
  readonly #schema: readonly string[];
  readonly #random: RandomBytes;
  readonly #databases: SqliteD1[] = [];
  #sizesBytes: readonly number[] = [];
  #asked: Asked = { roundTrips: 0, ofFirst: 0, rows: 0 };

  private constructor(parts: Omit<StoreContext, "metadata">, random: RandomBytes) {
    this.#parts = parts;
    this.#random = random;
    const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
    this.#schema = files.sort().map((name) => readFileSync(join(MIGRATIONS, name), "utf8"));
  }

  static async open(random: RandomBytes): Promise<SimulatedDatabases> {
    const rig = await openTestStore();
    const { metadata: _, ...parts } = rig.store;
    await rig.dispose();
    return new SimulatedDatabases(parts, random);
  }

  get count(): number {
    return this.#databases.length;
  }

  add(count: number): void {
    for (let added = 0; added < count; added++) this.#databases.push(new SqliteD1(this.#schema));
  }

  /** What each database says of its size from now on, in their order; those that are not named are empty. */
  grow(sizesBytes: readonly number[]): void {
    this.#sizesBytes = sizesBytes;
  }

  /** A fresh isolate over all databases, which remembers nothing yet. */
  isolate(): StoreContext {
    const metadata = this.#databases.map((_, index) => new Metadata(this.#d1(index), undefined, nameOf(index)));
    return openStores(metadata, { ...this.#parts, random: this.#random });
  }

  /** The real size of a database's tables, in bytes. */
  bytesOf(index: number): number {
    return usedBytes(this.#databases[index] as SqliteD1);
  }

  take(): Asked {
    const asked = this.#asked;
    this.#asked = { roundTrips: 0, ofFirst: 0, rows: 0 };
    return asked;
  }

  close(): void {
    for (const database of this.#databases) database.close();
  }

  #d1(index: number): D1Database {
    const database = this.#databases[index] as SqliteD1;
    const batch = async (statements: readonly Statement[]) => {
      const outcomes = await database.batch(statements);
      this.#asked.roundTrips += 1;
      if (index === 0) this.#asked.ofFirst += 1;
      for (const { results } of outcomes) this.#asked.rows += results.length;
      const size_after = this.#sizesBytes[index] ?? 0;
      return outcomes.map(({ meta, ...outcome }) => ({ ...outcome, meta: { ...meta, size_after } }));
    };
    return { prepare: (sql: string) => database.prepare(sql), batch } as unknown as D1Database;
  }
}

/** Index of a database by its name. */
export function indexOf(name: string): number {
  return name === "DB" ? 0 : Number(name.slice("DB_".length)) - 1;
}

function nameOf(index: number): string {
  return index === 0 ? "DB" : `DB_${index + 1}`;
}

/** Bytes of all pages but free ones, which are used again. */
export function usedBytes({ database }: SqliteD1): number {
  const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number;
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}
