import { Buffer } from "node:buffer";
import type { Clock } from "../base/clock.ts";
import type { Metric } from "../base/prometheus.ts";
import type { LineRow, LoggedBucket } from "../metadata/access-logs/access-logs.ts";
import type { StoreContext } from "../store/context.ts";
import { type AccessRecord, accessLine, dayOf } from "./line.ts";

/** A request's lifetime may be prolonged beyond its answer. */
interface Lifetime {
  waitUntil(work: Promise<unknown>): void;
}

/** Lines lie in an isolate for so long: as many are lost if it dies. */
const HELD_MS = 5_000;
/** Records that an isolate holds, and the characters of their longest texts; more of them are lost, and counted. */
const RECORDS_MAX = 20_000;
const CHARACTERS_MAX = 8_000_000;
/** How long an isolate goes by what it knows of a bucket, and of how many it knows. */
const REMEMBERED_MS = 60_000;
const BUCKETS_MAX = 10_000;
/** Bytes of one row as JSON in UTF-8, and rows of one statement. They are one parameter, and D1 takes 2,000,000 bytes. */
const ROW_BYTES = 400_000;
const ROWS_MAX = 4;
/** Names of one question: 63 characters each. */
const NAMES_MAX = 5_000;

/** The store's parts that are needed: where buckets lie. */
export type LoggedStore = Pick<StoreContext, "metadata" | "databases">;

type KnownBucket = LoggedBucket & { readonly store: LoggedStore };

/**
 * Collects what is logged of requests, in an isolate. A request costs an entry in a list; some seconds later all of them are written in one
 * round trip for each database, and in a second one if a bucket has not been looked at for a minute.
 */
export class AccessLog {
  readonly #clock: Clock;
  readonly #log: { error(line: string): void };
  readonly #known = new Map<string, { bucket: KnownBucket | null; untilMs: number }>();
  #records: AccessRecord[] = [];
  #characters = 0;
  #isFlushing = false;
  #lines = 0;
  #lost = 0;

  constructor(clock: Clock, log: { error(line: string): void }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** False: the bucket is known to have no log, as most of them. */
  mayWant(bucket: string): boolean {
    const known = this.#known.get(bucket);
    return known === undefined || known.bucket !== null || known.untilMs <= this.#clock.now();
  }

  /** To be called at the end of a request, if its bucket `mayWant` it. `store`: always the same. */
  record(store: LoggedStore, record: AccessRecord, lifetime: Lifetime): void {
    const characters = charactersOf(record);
    if (this.#records.length >= RECORDS_MAX || this.#characters + characters > CHARACTERS_MAX) this.#lost++;
    else {
      this.#records.push(record);
      this.#characters += characters;
    }
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    lifetime.waitUntil(this.#flushLater(store));
  }

  metrics(): Metric[] {
    return [
      {
        name: "sherd_access_log_lines_total",
        help: "Lines of server access logs that were kept.",
        type: "counter",
        samples: [{ value: this.#lines }],
      },
      {
        name: "sherd_access_log_lost_total",
        help: "Lines of server access logs that could not be kept.",
        type: "counter",
        samples: [{ value: this.#lost }],
      },
    ];
  }

  async #flushLater(store: LoggedStore): Promise<void> {
    try {
      await this.#clock.sleep(HELD_MS);
    } finally {
      this.#isFlushing = false;
    }
    await this.flush(store);
  }

  /** Writes what was collected. Lines that cannot be written are lost, and counted. */
  async flush(store: LoggedStore): Promise<void> {
    const records = this.#records;
    this.#records = [];
    this.#characters = 0;
    try {
      await this.#learn(store, [...new Set(records.map(({ bucket }) => bucket))]);
    } catch (error) {
      this.#lose(records.length, error);
      return;
    }
    const logged = records.flatMap((record) => {
      const bucket = this.#known.get(record.bucket)?.bucket ?? null;
      return bucket === null ? [] : [{ record, bucket }];
    });
    for (const one of storesOf(store)) {
      const rows = rowsOf(logged.filter(({ bucket }) => bucket.store === one));
      for (let at = 0; at < rows.length; at += ROWS_MAX) await this.#append(one, rows.slice(at, at + ROWS_MAX));
    }
  }

  /** One statement: if it fails, its lines alone are lost. */
  async #append({ metadata }: LoggedStore, rows: readonly OpenRow[]): Promise<void> {
    const count = rows.reduce((sum, row) => sum + row.count, 0);
    try {
      await metadata.accessLogs.append(rows);
      this.#lines += count;
    } catch (error) {
      this.#lose(count, error);
    }
  }

  #lose(count: number, error: unknown): void {
    this.#lost += count;
    this.#log.error(`access logs: ${count} lines are lost: ${String(error)}`);
  }

  async #learn(store: LoggedStore, names: readonly string[]): Promise<void> {
    const nowMs = this.#clock.now();
    const unknown = names.filter((name) => (this.#known.get(name)?.untilMs ?? 0) <= nowMs);
    if (unknown.length === 0) return;
    const byName = new Map<string, KnownBucket>();
    for (const one of storesOf(store)) {
      for (let at = 0; at < unknown.length; at += NAMES_MAX) {
        for (const bucket of await one.metadata.accessLogs.logged(unknown.slice(at, at + NAMES_MAX)))
          byName.set(bucket.name, { ...bucket, store: one });
      }
    }
    for (const name of unknown) {
      this.#known.delete(name);
      this.#known.set(name, { bucket: byName.get(name) ?? null, untilMs: nowMs + REMEMBERED_MS });
    }
    for (const name of this.#known.keys()) {
      if (this.#known.size <= BUCKETS_MAX) return;
      this.#known.delete(name);
    }
  }
}

function storesOf(store: LoggedStore): readonly LoggedStore[] {
  return store.databases?.all ?? [store];
}

function charactersOf({ requestLine, referer, userAgent }: AccessRecord): number {
  return requestLine.length + (referer?.length ?? 0) + (userAgent?.length ?? 0);
}

interface OpenRow extends LineRow {
  lines: string;
  /** Of `lines`, as `append` sends them. */
  bytes: number;
  /** Of lines. */
  count: number;
}

/** Lines by bucket and day, in rows that D1 takes. */
function rowsOf(logged: readonly { record: AccessRecord; bucket: LoggedBucket }[]): OpenRow[] {
  const open = new Map<string, OpenRow>();
  const rows: OpenRow[] = [];
  for (const { record, bucket } of logged) {
    const day = dayOf(record.atMs);
    const line = accessLine(record, bucket.owner);
    const bytes = Buffer.byteLength(JSON.stringify(line));
    const known = open.get(`${bucket.id} ${day}`);
    if (known !== undefined && known.bytes + bytes <= ROW_BYTES) {
      known.lines += line;
      known.bytes += bytes;
      known.count++;
      continue;
    }
    const row = { bucketId: bucket.id, day, lines: line, bytes, count: 1 };
    open.set(`${bucket.id} ${day}`, row);
    rows.push(row);
  }
  return rows;
}
