import { createHash } from "node:crypto";
import { dayOf } from "../../lifecycle/days.ts";
import type { VersionTable } from "../../metadata/blobs/packing.ts";
import type { DueConfiguration } from "../../metadata/buckets/named-configurations.ts";
import { DataKeyRefused } from "../../sealing/data-keys.ts";
import type { InventoryConfiguration } from "../../store/buckets/inventory-configuration.ts";
import type { StoreContext } from "../../store/context.ts";
import { StoreError, type StoreFailure } from "../../store/failure.ts";
import { lifecycleRules } from "../../store/read/expiry.ts";
import type { Budget, Job } from "../run/job.ts";
import { type Column, columnsOf, type InventoriedBucket } from "./columns.ts";
import { CsvFile, type DataFile } from "./data-file.ts";
import { DeliveryRefused, ReportTarget } from "./destination.ts";
import { type RankedPlace, ranked } from "./expiration.ts";
import { type ListedFile, manifestOf, prefixOf, symlinksOf, timeName } from "./manifest.ts";
import { ParquetFile } from "./parquet-file.ts";

const CONFIGURATIONS_PER_PAGE = 100;
const ROWS_PER_PAGE = 1_000;
/** Most rows, and compressed bytes, of a data file. */
const ROWS_PER_FILE = 100_000;
const FILE_BYTES_MAX = 8 * 1024 * 1024;

/** A report under way. */
interface Report {
  bucketId: number;
  id: string;
  /** The configuration of this report: another one begins again. */
  document: string;
  beganMs: number;
  table: VersionTable;
  after: RankedPlace | null;
  files: ListedFile[];
}

interface Cursor {
  report: Report | null;
  /** Configurations up to this one were looked at in this round. */
  after: { bucketId: number; id: string } | null;
}

/**
 * Writes the inventories that are due, one after the other: data files, then the manifest, its
 * checksum and Hive's list of files. A run that ends in the middle of a report closes its data
 * file, and the next run continues. A crash loses the files of that run; the next one writes them
 * again under the same names. A refused report is logged and tried again in the next period. After
 * another failure, such as drives that do not answer, it begins again in a later run, after the
 * others. One data file is in memory.
 */
export const inventory: Job = {
  name: "inventory",
  async run(store, budget, saved) {
    const counts = { reports: 0, rows: 0, files: 0, refusedReports: 0 };
    const failures: unknown[] = [];
    let cursor = (saved as Cursor | null) ?? { report: null, after: null };
    while (!budget.isSpent()) {
      const due = await nextDue(store, cursor);
      if (!due) return { report: counts, cursor: null, failures };
      const { configuration, report } = due;
      let isDone = true;
      try {
        const left = await proceed(store, { ...due, budget, counts });
        if (left)
          return { report: counts, cursor: { report: left, after: cursor.after }, isUnfinished: true, failures };
      } catch (error) {
        const { id, bucket } = configuration;
        failures.push(new Error(`inventory ${id} of bucket ${bucket}: ${String(error)}`, { cause: error }));
        isDone = false;
      }
      if (isDone) await store.metadata.named.done("inventory", configuration, report.beganMs);
      cursor = { report: null, after: { bucketId: configuration.bucketId, id: configuration.id } };
    }
    return { report: counts, cursor, isUnfinished: true, failures };
  },
};

interface Due {
  configuration: DueConfiguration;
  report: Report;
}

/** The report under way, if its configuration still exists, or the next one that is due. */
async function nextDue(store: StoreContext, { report, after }: Cursor): Promise<Due | null> {
  const nowMs = store.clock.now();
  let place = after;
  for (;;) {
    const page = await store.metadata.named.due("inventory", place, CONFIGURATIONS_PER_PAGE);
    for (const configuration of page) {
      const { bucketId, id, document } = configuration;
      const isThis = report?.bucketId === bucketId && report.id === id && report.document === document;
      if (isThis) return { configuration, report };
      if (!isDue(store, configuration, nowMs)) continue;
      return {
        configuration,
        report: { bucketId, id, document, beganMs: nowMs, table: "objects", after: null, files: [] },
      };
    }
    const last = page.at(-1);
    if (!last || page.length < CONFIGURATIONS_PER_PAGE) return null;
    place = { bucketId: last.bucketId, id: last.id };
  }
}

/**
 * Once a day or a week; weeks end with Saturday, because 1970-01-01 was a Thursday. The first
 * report comes at once.
 */
function isDue({ settings }: StoreContext, { document, doneMs }: DueConfiguration, nowMs: number): boolean {
  const { isEnabled, frequency } = JSON.parse(document) as InventoryConfiguration;
  if (!isEnabled) return false;
  if (doneMs === null) return true;
  const periodOf = (ms: number) => {
    const day = dayOf(ms, settings);
    return frequency === "Daily" ? day : Math.floor((day + 4) / 7);
  };
  return periodOf(nowMs) > periodOf(doneMs);
}

interface Run extends Due {
  budget: Budget;
  counts: { reports: number; rows: number; files: number; refusedReports: number };
}

/** Continues with a report until it is delivered or refused (null), or time is over. */
async function proceed(store: StoreContext, run: Run): Promise<Report | null> {
  const { configuration, counts } = run;
  const document = JSON.parse(configuration.document) as InventoryConfiguration;
  try {
    const writing = await Writing.open(store, run, document);
    const left = await writing.writeFiles();
    if (left) return left;
    await writing.writeManifest();
    counts.reports += 1;
  } catch (error) {
    const isNotLetIn = error instanceof DeliveryRefused || error instanceof DataKeyRefused;
    const isRefused = isNotLetIn || (error instanceof StoreError && !passes(error.failure));
    if (!isRefused) throw error;
    counts.refusedReports += 1;
    store.tell?.(`inventory ${document.id} of bucket ${configuration.bucket} cannot be delivered: ${error.message}`);
  }
  return null;
}

/**
 * Whether the same delivery may succeed soon without a change of the configuration, the bucket or a
 * key.
 */
function passes(failure: StoreFailure): boolean {
  if (failure.kind === "kms") return failure.failure.kind === "unavailable";
  return PASSING.has(failure.kind);
}

const PASSING: ReadonlySet<StoreFailure["kind"]> = new Set<StoreFailure["kind"]>([
  "metadata-unavailable",
  "drives-unavailable",
  "no-space",
  "too-slow",
  "no-memory",
  "conflict",
  "bucket-changed",
]);

/** One report on its way to its bucket. */
class Writing {
  readonly #store: StoreContext;
  readonly #run: Run;
  readonly #of: InventoryConfiguration;
  readonly #target: ReportTarget;
  readonly #bucket: InventoriedBucket;
  readonly #columns: readonly Column[];

  private constructor(
    store: StoreContext,
    parts: { run: Run; of: InventoryConfiguration; target: ReportTarget; bucket: InventoriedBucket },
  ) {
    this.#store = store;
    this.#run = parts.run;
    this.#of = parts.of;
    this.#target = parts.target;
    this.#bucket = parts.bucket;
    this.#columns = columnsOf(parts.of);
  }

  static async open(store: StoreContext, run: Run, of: InventoryConfiguration): Promise<Writing> {
    const { configuration } = run;
    const source = await store.metadata.buckets.learn(configuration.bucket, store.clock.now());
    const isVersioned = source?.versioning !== undefined && source.versioning !== null;
    const target = await ReportTarget.open(store, configuration, of.destination);
    const rules = source && lifecycleRules(store, source);
    const bucket = { name: configuration.bucket, owner: configuration.owner, isVersioned, rules };
    return new Writing(store, { run, of, target, bucket });
  }

  /** Null when all versions are in data files; otherwise the position to continue at. */
  async writeFiles(): Promise<Report | null> {
    for (;;) {
      if (await this.#writeFile(this.#run.report)) return null;
      if (this.#run.budget.isSpent()) return this.#run.report;
    }
  }

  /** One data file. True if it was the last one. */
  async #writeFile(report: Report): Promise<boolean> {
    const { budget, counts } = this.#run;
    const file = this.#newFile();
    const tags = this.#needsTags();
    let { table, after } = report;
    let rows = 0;
    let isOver = false;
    while (!isOver && rows < ROWS_PER_FILE && file.sizeBytes < FILE_BYTES_MAX && (rows === 0 || !budget.isSpent())) {
      const prefix = this.#of.prefix ?? "";
      const options = { prefix, after, limit: ROWS_PER_PAGE, tags };
      const page = await this.#store.metadata.inventories.page(table, this.#run.configuration.bucketId, options);
      const found = page.filter(({ key }) => key.startsWith(prefix));
      const { versions, end } = ranked(found, after);
      await file.add(versions);
      rows += found.length;
      if (page.length === ROWS_PER_PAGE && found.length === page.length) {
        after = end;
      } else if (table === "objects" && this.#of.versions === "All") {
        table = "versions";
        after = null;
      } else isOver = true;
    }
    const files = [...report.files];
    const bytes = await file.finish();
    // An empty bucket has one file without rows.
    if (rows > 0 || files.length === 0) files.push(await this.#deliver(file, bytes, files.length));
    counts.rows += rows;
    counts.files += rows > 0 ? 1 : 0;
    this.#run.report = { ...report, table, after, files };
    return isOver;
  }

  #needsTags(): boolean {
    const { rules = [] } = this.#bucket.rules ?? {};
    return this.#of.fields.includes("LifecycleExpirationDate") && rules.some(({ filter }) => filter.tags !== undefined);
  }

  #newFile(): DataFile {
    return this.#of.destination.format === "CSV"
      ? new CsvFile(this.#columns, this.#bucket)
      : new ParquetFile(this.#columns, this.#bucket);
  }

  async #deliver(file: DataFile, bytes: Uint8Array, index: number): Promise<ListedFile> {
    const { bucketId, id, beganMs } = this.#run.report;
    // Derived from the file, so that a file from before a crash is overwritten.
    const name = uuidOf(`${bucketId} ${id} ${beganMs} ${index}`);
    const key = `${prefixOf(this.#bucket.name, this.#of)}data/${name}.${file.extension}`;
    await this.#target.put(key, bytes, "application/octet-stream");
    return { key, size: bytes.length, MD5checksum: md5Of(bytes) };
  }

  async writeManifest(): Promise<void> {
    const { files, beganMs } = this.#run.report;
    const prefix = prefixOf(this.#bucket.name, this.#of);
    const about = { source: this.#bucket.name, of: this.#of, columns: this.#columns, files, beganMs };
    const manifest = new TextEncoder().encode(manifestOf(about));
    const at = timeName(beganMs);
    await this.#target.put(`${prefix}hive/dt=${at.hive}/symlink.txt`, symlinksOf(this.#of, files), "text/plain");
    await this.#target.put(`${prefix}${at.folder}/manifest.json`, manifest, "application/json");
    const checksum = new TextEncoder().encode(md5Of(manifest));
    await this.#target.put(`${prefix}${at.folder}/manifest.checksum`, checksum, "text/plain");
  }
}

function md5Of(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  // The form of a UUID of version 8: bits of the maker's choice.
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}8${hex.slice(17, 32)}`;
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    "-",
  );
}
