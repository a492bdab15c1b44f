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
/** Records that an isolate holds; more of them are lost, and counted. */
const RECORDS_MAX = 20_000;
/** How long an isolate goes by what it knows of a bucket, and of how many it knows. */
const REMEMBERED_MS = 60_000;
const BUCKETS_MAX = 10_000;
/** Bytes of one row: D1 takes 2 MB. */
const ROW_BYTES = 400_000;
/** Rows of one statement. */
const ROWS_MAX = 4;

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
  #isFlushing = false;
  #lines = 0;
  #lost = 0;

  constructor(clock: Clock, log: { error(line: string): void }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** To be called at the end of a request. `store`: always the same. */
  record(store: LoggedStore, record: AccessRecord, lifetime: Lifetime): void {
    const known = this.#known.get(record.bucket);
    // Of most buckets nobody wants to know.
    if (known?.bucket === null && known.untilMs > this.#clock.now()) return;
    if (this.#records.length >= RECORDS_MAX) this.#lost++;
    else this.#records.push(record);
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
    try {
      await this.#learn(store, [...new Set(records.map(({ bucket }) => bucket))]);
      const logged = records.flatMap((record) => {
        const bucket = this.#known.get(record.bucket)?.bucket ?? null;
        return bucket === null ? [] : [{ record, bucket }];
      });
      for (const one of storesOf(store)) {
        const rows = rowsOf(logged.filter(({ bucket }) => bucket.store === one));
        for (let at = 0; at < rows.length; at += ROWS_MAX)
          await one.metadata.accessLogs.append(rows.slice(at, at + ROWS_MAX));
      }
      this.#lines += logged.length;
    } catch (error) {
      this.#lost += records.length;
      this.#log.error(`access logs: ${records.length} lines are lost: ${String(error)}`);
    }
  }

  async #learn(store: LoggedStore, names: readonly string[]): Promise<void> {
    const nowMs = this.#clock.now();
    const unknown = names.filter((name) => (this.#known.get(name)?.untilMs ?? 0) <= nowMs);
    if (unknown.length === 0) return;
    const byName = new Map<string, KnownBucket>();
    for (const one of storesOf(store)) {
      for (const bucket of await one.metadata.accessLogs.logged(unknown))
        byName.set(bucket.name, { ...bucket, store: one });
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

/** Lines by bucket and day, in rows that D1 takes. */
function rowsOf(logged: readonly { record: AccessRecord; bucket: LoggedBucket }[]): LineRow[] {
  const open = new Map<string, { bucketId: number; day: string; lines: string }>();
  const rows: { bucketId: number; day: string; lines: string }[] = [];
  for (const { record, bucket } of logged) {
    const day = dayOf(record.atMs);
    const line = accessLine(record, bucket.owner);
    const known = open.get(`${bucket.id} ${day}`);
    if (known !== undefined && known.lines.length + line.length <= ROW_BYTES) {
      known.lines += line;
      continue;
    }
    const row = { bucketId: bucket.id, day, lines: line };
    open.set(`${bucket.id} ${day}`, row);
    rows.push(row);
  }
  return rows;
}
