import type { LifecycleConfiguration } from "../../lifecycle/configuration.ts";
import { type Due, LifecycleRules } from "../../lifecycle/decide.ts";
import type { LifecycleVersion } from "../../metadata/lifecycle/scanning.ts";
import type { BucketRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../../store/context.ts";
import { formatVersionId } from "../../store/version-id.ts";
import type { Budget } from "../run/job.ts";
import { type KeyProgress, standings, VersionSubject } from "./page.ts";
import { PHASES, type Phase, phaseAfter, prefixesOf } from "./phases.ts";

const ROWS_PER_PAGE = 1_000;
const ROWS_PER_CALL = 50_000;
const EXAMPLES_MAX = 10;
const DAYS_AHEAD = 30;

export type PreviewAction =
  | "Expiration"
  | "ExpiredObjectDeleteMarker"
  | "NoncurrentVersionExpiration"
  | "Transition"
  | "NoncurrentVersionTransition"
  | "AbortIncompleteMultipartUpload";

interface Sum {
  count: number;
  bytes: number;
}

/** Effect of one action of one rule. */
export interface PreviewRow {
  rule: string;
  action: PreviewAction;
  /** Of a transition: the class. */
  storageClass?: string;
  /** For an expiration in a bucket with versions: nothing is lost by it. */
  placesDeleteMarker?: true;
  /** Number for now. */
  today: Sum;
  /** Number within 30 days, today's included, if nothing else is written or deleted. */
  within30Days: Sum;
  /** The first ones, by key. */
  examples: { key: string; versionId?: string; bytes: number; due: string }[];
}

export interface Preview {
  /** Rows that this call read. */
  looked: number;
  /** Versions that a rule would remove and a lock protects. */
  locked: number;
  rules: PreviewRow[];
  /** Cursor for the next call, which counts only the rest; null: everything was counted. */
  next: string | null;
}

interface Place {
  phase: Phase;
  range: number;
  after: string | null;
  afterId: string;
  progress: KeyProgress | null;
}

const START: Place = { phase: "objects", range: 0, after: null, afterId: "", progress: null };

/** Position of a preview: `next` of another call. Null: the text is not one. */
export function parsePlace(text: string): Place | null {
  try {
    const { phase, range, after, afterId, progress } = JSON.parse(text) as Place;
    const isPlace =
      PHASES.includes(phase) &&
      Number.isInteger(range) &&
      (after === null || typeof after === "string") &&
      typeof afterId === "string" &&
      (progress === null || isProgress(progress));
    return isPlace ? { phase, range, after, afterId, progress } : null;
  } catch {
    // SyntaxError, or TypeError if it is no object.
    return null;
  }
}

function isProgress({ key, seq, newer, aboveMs, hidden }: KeyProgress): boolean {
  const numbers = [seq, newer, aboveMs].every((number) => Number.isFinite(number));
  return typeof key === "string" && numbers && typeof hidden === "boolean";
}

interface Asked {
  bucket: BucketRow;
  configuration: LifecycleConfiguration;
  budget: Budget;
  from: Place | null;
}

/**
 * Effects of a configuration on a bucket today and within 30 days, by rule and action, for the
 * objects that exist now. Follow-up effects are not counted, such as those on a version that an
 * expiration makes noncurrent. Changes nothing. Reads at most 50,000 rows per call.
 */
export async function previewLifecycle(store: StoreContext, asked: Asked): Promise<Preview> {
  const preview = new PreviewRun(store, asked);
  while (preview.looked < ROWS_PER_CALL && !asked.budget.isSpent()) {
    if (!(await preview.step())) return preview.result(null);
  }
  return preview.result(JSON.stringify(preview.place));
}

class PreviewRun {
  readonly place: Place;
  looked = 0;
  readonly #store: StoreContext;
  readonly #bucket: BucketRow;
  readonly #rules: LifecycleRules;
  readonly #nowMs: number;
  readonly #untilMs: number;
  readonly #rows = new Map<string, PreviewRow>();
  #locked = 0;

  constructor(store: StoreContext, { bucket, configuration, from }: Asked) {
    const dayMs = store.settings.lifecycleDaySeconds * 1000;
    this.#store = store;
    this.#bucket = bucket;
    this.#rules = new LifecycleRules(configuration, dayMs);
    this.#nowMs = store.clock.now();
    this.#untilMs = this.#nowMs + DAYS_AHEAD * dayMs;
    this.place = { ...(from ?? START) };
  }

  result(next: string | null): Preview {
    return { looked: this.looked, locked: this.#locked, rules: [...this.#rows.values()], next };
  }

  /** True: there is more. */
  async step(): Promise<boolean> {
    const { place } = this;
    const prefix = prefixesOf(place.phase, this.#rules, this.#bucket)[place.range];
    if (prefix === undefined) {
      const phase = phaseAfter(place.phase);
      if (phase) Object.assign(place, START, { phase });
      return phase !== null;
    }
    const isLast = await this[`${place.phase}Page`](prefix);
    if (isLast) Object.assign(place, { range: place.range + 1, after: null, afterId: "", progress: null });
    return true;
  }

  async objectsPage(prefix: string): Promise<boolean> {
    const { place } = this;
    const range = { bucketId: this.#bucket.id, prefix, after: place.after };
    const page = await this.#store.metadata.lifecycleScans.objects(range, ROWS_PER_PAGE);
    const hasVersions = this.#bucket.versioning !== null;
    for (const version of page) {
      const subject = new VersionSubject(version);
      const due = this.#rules.expiration(subject);
      if (due) this.#count(due, "Expiration", version, hasVersions ? { placesDeleteMarker: true } : {});
      const move = this.#rules.transition(subject, this.#nowMs) ?? this.#rules.transition(subject, this.#untilMs);
      // What is deleted first never moves.
      if (move && (!due || move.atMs < due.atMs)) {
        this.#count(move, "Transition", version, { storageClass: move.storageClass });
      }
    }
    return this.#passed(page);
  }

  async versionsPage(prefix: string): Promise<boolean> {
    const { place } = this;
    const belowSeq = place.progress?.key === place.after ? (place.progress?.seq ?? null) : null;
    const range = { bucketId: this.#bucket.id, prefix, after: place.after, belowSeq };
    const page = await this.#store.metadata.lifecycleScans.versions(range, ROWS_PER_PAGE);
    const isLast = page.length < ROWS_PER_PAGE;
    const { found, progress } = standings(page, place.progress, isLast);
    const removals = found.flatMap(({ version, standing }) => {
      const isCurrent = standing.kind === "current-marker";
      if (isCurrent && !standing.isAlone) return [];
      const due = isCurrent
        ? this.#rules.loneMarker(standing.subject)
        : this.#rules.noncurrentExpiration(standing.subject);
      const action = isCurrent ? ("ExpiredObjectDeleteMarker" as const) : ("NoncurrentVersionExpiration" as const);
      return due && due.atMs <= this.#untilMs ? [{ version, due, action }] : [];
    });
    const scans = this.#store.metadata.lifecycleScans;
    const locked = await scans.locked(
      this.#bucket.id,
      removals.map(({ version }) => version),
      this.#nowMs,
    );
    for (const { version, due, action } of removals) {
      if (locked.has(`${version.seq} ${version.key}`)) this.#locked += 1;
      else this.#count(due, action, version);
    }
    const removed = new Map(removals.map(({ version, due }) => [version, due]));
    for (const { version, standing } of found) {
      if (standing.kind !== "noncurrent" || version.isMarker) continue;
      const { subject } = standing;
      const move =
        this.#rules.noncurrentTransition(subject, this.#nowMs) ??
        this.#rules.noncurrentTransition(subject, this.#untilMs);
      const goes = removed.get(version);
      if (!move || (goes && goes.atMs <= move.atMs)) continue;
      this.#count(move, "NoncurrentVersionTransition", version, { storageClass: move.storageClass });
    }
    this.looked += found.length;
    place.progress = progress;
    place.after = progress?.key ?? place.after;
    return isLast;
  }

  async uploadsPage(prefix: string): Promise<boolean> {
    const { place } = this;
    const range = { bucketId: this.#bucket.id, prefix, after: place.after, afterId: place.afterId };
    const scans = this.#store.metadata.lifecycleScans;
    const page = await scans.uploads(range, ROWS_PER_PAGE);
    const sizes = await scans.uploadBytes(page.map(({ id }) => id));
    for (const upload of page) {
      const due = this.#rules.abort(upload);
      const sizeBytes = sizes.get(upload.id) ?? 0;
      if (due) this.#count(due, "AbortIncompleteMultipartUpload", { key: upload.key, sizeBytes });
    }
    place.afterId = page.at(-1)?.id ?? place.afterId;
    return this.#passed(page);
  }

  #passed(page: readonly { key: string }[]): boolean {
    this.looked += page.length;
    this.place.after = page.at(-1)?.key ?? this.place.after;
    return page.length < ROWS_PER_PAGE;
  }

  #count(
    { atMs, rule }: Due,
    action: PreviewAction,
    version: Pick<LifecycleVersion, "key" | "sizeBytes"> & Partial<LifecycleVersion>,
    more: Pick<PreviewRow, "storageClass" | "placesDeleteMarker"> = {},
  ): void {
    if (atMs > this.#untilMs) return;
    const name = JSON.stringify([rule.id, action, more.storageClass]);
    const none = () => ({ count: 0, bytes: 0 });
    const row: PreviewRow = this.#rows.get(name) ?? {
      ...{ rule: rule.id, action, ...more },
      today: none(),
      within30Days: none(),
      examples: [],
    };
    this.#rows.set(name, row);
    const { key, sizeBytes: bytes } = version;
    for (const sum of atMs <= this.#nowMs ? [row.today, row.within30Days] : [row.within30Days]) {
      sum.count += 1;
      sum.bytes += bytes;
    }
    if (row.examples.length >= EXAMPLES_MAX) return;
    const { seq, id, isNull = false } = version;
    const isVersion = this.#bucket.versioning !== null && seq !== undefined && id !== undefined;
    const versionId = isVersion ? { versionId: formatVersionId({ seq, id, isNull }) } : {};
    row.examples.push({ key, ...versionId, bytes, due: new Date(Math.max(atMs, 0)).toISOString() });
  }
}
