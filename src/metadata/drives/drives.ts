import { requireIdentity } from "../buckets/identity.ts";
import type { Database, Statement } from "../database.ts";

/** What the database knows of a drive. */
export interface DriveRow {
  name: string;
  /** Id of the marker that the drive must have. */
  marker: string;
  /** How often the marker was renewed, from 1. */
  generation: number;
  markedMs: number;
  /** As `DriveState` of `src/drives/drive-state.ts`. */
  state: string;
  /** Since when. */
  sinceMs: number;
  /** What is wrong and what to do; null: nothing. */
  sentence: string | null;
  /** When a reader last missed a shard there. */
  missedMs: number;
  /** When it was last looked for a sample of its shards. */
  sampledMs: number;
}

/** A drive that is not to be used as usual, or shards that it is known to lack. */
export type DriveNotice =
  | { kind: "state"; drive: string; state: string; sentence: string | null }
  /** Shards whose ids are from `fromId` on and before `beforeId`, unless they were rewritten since. */
  | { kind: "loss"; drive: string; fromId: string; beforeId: string };

interface RawNotice {
  kind: "state" | "loss";
  drive: string;
  a: string;
  b: string | null;
}

/** Drives that are not as they should be: mostly none, so that nothing is read. Rides along with other statements. */
export const NOTICES: Statement = {
  sql: `SELECT 'state' AS kind, name AS drive, state AS a, sentence AS b FROM drives WHERE state <> 'ours'
        UNION ALL SELECT 'loss', drive, from_id, before_id FROM drive_losses WHERE healed_ms IS NULL`,
  values: [],
};

const COLUMNS = `name, marker, generation, marked_ms AS "markedMs", state, since_ms AS "sinceMs", sentence,
  missed_ms AS "missedMs", sampled_ms AS "sampledMs"`;

/** The identities of drives. Unless it says otherwise each method is one round trip. */
export class DriveTable {
  readonly #database: Database;
  readonly #name: string;
  /** Is told what every call that looks learned: how an isolate that runs no jobs hears of drives in trouble. */
  onNotices: (notices: readonly DriveNotice[]) => void = () => {};

  /** `name`: what the database is called. `sharing`: the table that is told in place of this one. */
  constructor(database: Database, name: string, sharing?: DriveTable) {
    this.#database = database;
    this.#name = name;
    if (sharing) this.onNotices = (notices) => sharing.onNotices(notices);
  }

  /**
   * The store's id, which is `fresh` from now on if it has none, and all drives that are known. Throws `GuardError` wrong_database where
   * this is not the database that it is taken for.
   */
  async list(fresh: string): Promise<{ store: string; drives: DriveRow[] }> {
    const [, , , identity, drives] = await this.#database.batch<
      [unknown, unknown, unknown, { store: string }, DriveRow]
    >([
      ...requireIdentity(this.#name),
      { sql: "UPDATE identity SET store = ?1 WHERE store IS NULL", values: [fresh] },
      { sql: "SELECT store FROM identity", values: [] },
      { sql: `SELECT ${COLUMNS} FROM drives`, values: [] },
    ]);
    return { store: identity[0]?.store ?? fresh, drives };
  }

  /** The same, without giving the store an id. */
  async look(): Promise<{ store: string | null; drives: DriveRow[] }> {
    const [identity, drives] = await this.#database.batch<[{ store: string | null }, DriveRow]>([
      { sql: "SELECT store FROM identity", values: [] },
      { sql: `SELECT ${COLUMNS} FROM drives`, values: [] },
    ]);
    return { store: identity[0]?.store ?? null, drives };
  }

  /** The store whose metadata these are: of a database that is rebuilt from a snapshot. */
  async setStore(store: string): Promise<void> {
    await this.#database.batch([
      ...requireIdentity(this.#name),
      { sql: "UPDATE identity SET store = ?1", values: [store] },
    ]);
  }

  /**
   * Records the marker that a drive has from now on, in place of `former` (null: the drive was not known), and that the drive is in
   * use. False if another run was faster; then nothing changed.
   */
  async mark(
    marker: Pick<DriveRow, "name" | "marker" | "generation" | "markedMs">,
    former: string | null,
  ): Promise<boolean> {
    const { name, generation, markedMs } = marker;
    const rows = await this.#database.all(
      `INSERT INTO drives (name, marker, generation, marked_ms, state, since_ms, sentence)
       VALUES (?1, ?2, ?3, ?4, 'ours', ?4, NULL)
       ON CONFLICT (name) DO UPDATE SET marker = excluded.marker, generation = excluded.generation,
         marked_ms = excluded.marked_ms, state = 'ours', sentence = NULL,
         since_ms = iif(drives.state = 'ours', drives.since_ms, excluded.since_ms)
       WHERE drives.marker = ?5 RETURNING name`,
      name,
      marker.marker,
      generation,
      markedMs,
      former ?? "",
    );
    return rows.length > 0;
  }

  /** Records the state of a drive. One that is not known yet gets a row without a marker. Only a change is written. */
  async setState(name: string, state: string, sentence: string | null, nowMs: number): Promise<void> {
    await this.#database.all(
      `INSERT INTO drives (name, marker, generation, marked_ms, state, since_ms, sentence) VALUES (?1, '', 0, 0, ?2, ?4, ?3)
       ON CONFLICT (name) DO UPDATE SET sentence = excluded.sentence, since_ms = iif(drives.state = excluded.state, drives.since_ms, ?4),
         state = excluded.state
       WHERE drives.state <> excluded.state OR drives.sentence IS NOT excluded.sentence`,
      name,
      state,
      sentence,
      nowMs,
    );
  }

  /** Notes that a sample of the drives' shards was looked for. */
  async sampled(names: readonly string[], nowMs: number): Promise<void> {
    await this.#database.all(
      "UPDATE drives SET sampled_ms = ?2 WHERE name IN (SELECT value FROM json_each(?1))",
      JSON.stringify(names),
      nowMs,
    );
  }

  /** Asks for a sample of the drives' shards. */
  async askForSample(names: readonly string[], nowMs: number): Promise<void> {
    await this.#database.batch([missed(names, nowMs)]);
  }

  /** Forgets drives that are not configured any more. */
  async keepOnly(names: readonly string[]): Promise<void> {
    await this.#database.all(
      "DELETE FROM drives WHERE name NOT IN (SELECT value FROM json_each(?1))",
      JSON.stringify(names),
    );
  }

  /** What is known of drives in trouble; `onNotices` is told too. */
  async notices(): Promise<DriveNotice[]> {
    const [raw] = await this.#database.batch<[RawNotice]>([NOTICES]);
    return this.tell(raw);
  }

  /** Hands on what the statement `NOTICES` brought. */
  tell(raw: readonly unknown[]): DriveNotice[] {
    const notices = (raw as RawNotice[]).map(({ kind, drive, a, b }): DriveNotice => {
      return kind === "state" ? { kind, drive, state: a, sentence: b } : { kind, drive, fromId: a, beforeId: b ?? "" };
    });
    this.onNotices(notices);
    return notices;
  }
}

/** Notes that shards on these drives were missed: the next run of the jobs looks for a sample of their others. */
export function missed(drives: readonly string[], nowMs: number): Statement {
  return {
    sql: "UPDATE drives SET missed_ms = ?2 WHERE name IN (SELECT value FROM json_each(?1))",
    values: [JSON.stringify(drives), nowMs],
  };
}
