import type { Database } from "../database.ts";
import { parseJson } from "../rows.ts";

export interface JobRow {
  name: string;
  /** Where the job goes on; its shape is the job's. */
  cursor: unknown;
  startedMs: number | null;
  finishedMs: number | null;
  /** Of the last run that failed, and why. */
  failedMs: number | null;
  failure: string | null;
  report: Record<string, number> | null;
}

type RawJob = Omit<JobRow, "cursor" | "report"> & { cursor: string | null; report: string | null };

const COLUMNS = `name, cursor, started_ms AS "startedMs", finished_ms AS "finishedMs", failed_ms AS "failedMs", failure, report`;

/** Leases and cursors of background jobs. States of a job: idle → leased → idle; a lease that nobody ends runs out. */
export class JobTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Takes the job for `holder` until `untilMs`. Returns its row, or null where somebody else has it. */
  async lease(name: string, holder: string, nowMs: number, untilMs: number): Promise<JobRow | null> {
    const [, leased] = await this.#database.batch<[unknown, RawJob]>([
      { sql: "INSERT OR IGNORE INTO jobs (name) VALUES (?1)", values: [name] },
      {
        sql: `UPDATE jobs SET lease_holder = ?2, lease_until_ms = ?4, started_ms = ?3
              WHERE name = ?1 AND (lease_until_ms <= ?3 OR lease_holder = ?2) RETURNING ${COLUMNS}`,
        values: [name, holder, nowMs, untilMs],
      },
    ]);
    return leased[0] ? parseJob(leased[0]) : null;
  }

  /** Ends a run and its lease, and keeps where the next one goes on. Nothing happens if somebody else has the lease by now. */
  async finish(
    name: string,
    holder: string,
    run: { nowMs: number; cursor: unknown; report: JobCounts },
  ): Promise<void> {
    await this.#database.all(
      `UPDATE jobs SET lease_holder = NULL, lease_until_ms = 0, finished_ms = ?3, cursor = ?4, report = ?5
       WHERE name = ?1 AND lease_holder = ?2`,
      name,
      holder,
      run.nowMs,
      cursorText(run.cursor),
      JSON.stringify(run.report),
    );
  }

  /** Notes that a run failed, and ends its lease. The cursor stays where the run began, unless the run says how far it came (`kept`). */
  async fail(
    name: string,
    holder: string,
    { nowMs, failure, kept }: { nowMs: number; failure: string; kept?: { cursor: unknown; report: JobCounts } },
  ): Promise<void> {
    await this.#database.all(
      `UPDATE jobs SET lease_holder = NULL, lease_until_ms = 0, failed_ms = ?3, failure = ?4,
         cursor = CASE WHEN ?5 THEN ?6 ELSE cursor END, report = CASE WHEN ?5 THEN ?7 ELSE report END
       WHERE name = ?1 AND lease_holder = ?2`,
      name,
      holder,
      nowMs,
      failure.slice(0, 500),
      kept ? 1 : 0,
      kept ? cursorText(kept.cursor) : null,
      kept ? JSON.stringify(kept.report) : null,
    );
  }

  async list(): Promise<JobRow[]> {
    return (await this.#database.all<RawJob>(`SELECT ${COLUMNS} FROM jobs ORDER BY name`)).map(parseJob);
  }
}

function parseJob(raw: RawJob): JobRow {
  return { ...raw, cursor: parseJson(raw.cursor), report: parseJson<Record<string, number>>(raw.report) };
}

/** What a run did, by name. */
type JobCounts = Readonly<Record<string, number>>;

function cursorText(cursor: unknown): string | null {
  return cursor === null || cursor === undefined ? null : JSON.stringify(cursor);
}
