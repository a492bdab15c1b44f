import type { Entry, Page } from "../../aws/s3/list.ts";

export type SortColumn = "key" | "sizeBytes" | "modifiedMs";
export interface Sort {
  column: SortColumn;
  isDescending: boolean;
}

/** Pages whose rows are in memory; the others are asked for again by their tokens. */
const PAGES_KEPT = 24;

interface KeptPage {
  /** Where it begins; null: at the beginning. */
  from: string | null;
  count: number;
  rows: Entry[] | null;
}

/**
 * A listing of any length, of which a few pages are in memory: S3 gives a page at a time, each with a token for the next. Rows have numbers
 * from 0. Those of a page that was dropped come back when they are asked for.
 */
export class ListStore {
  readonly #fetchPage: (from: string | null) => Promise<Page>;
  readonly #sort: Sort;
  readonly #pages: KeptPage[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #loading = new Set<number>();
  /** Row at which each page begins. */
  readonly #starts: number[] = [];
  #recent: number[] = [];
  #next: string | null | undefined;
  #changes = 0;
  error: unknown = null;

  constructor(fetchPage: (from: string | null) => Promise<Page>, sort: Sort) {
    this.#fetchPage = fetchPage;
    this.#sort = sort;
  }

  /** Rows that are known so far. */
  get count(): number {
    const last = this.#pages.length - 1;
    return last < 0 ? 0 : (this.#starts[last] ?? 0) + (this.#pages[last]?.count ?? 0);
  }

  get isComplete(): boolean {
    return this.#next === null;
  }

  /** Pages that are known so far. */
  get pageCount(): number {
    return this.#pages.length;
  }

  /** The row, or null while its page is on its way. After a failure no page is asked for until `retry`. */
  row(index: number): Entry | null {
    const number = this.#pageOf(index);
    const page = this.#pages[number];
    if (page === undefined) return null;
    this.#touch(number);
    if (page.rows === null) {
      if (this.error === null) void this.#load(number, page.from);
      return null;
    }
    return page.rows[index - (this.#starts[number] ?? 0)] ?? null;
  }

  /** Asks for the next page, unless all are known or one is on its way. */
  async loadMore(): Promise<void> {
    if (this.#next === null || this.error !== null) return;
    await this.#load(this.#pages.length, this.#next ?? null);
  }

  async retry(): Promise<void> {
    this.error = null;
    this.#tell();
    await this.loadMore();
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  readonly changes = (): number => this.#changes;

  async #load(number: number, from: string | null): Promise<void> {
    if (this.#loading.has(number)) return;
    this.#loading.add(number);
    try {
      const { entries, next } = await this.#fetchPage(from);
      const rows = sorted(entries, this.#sort);
      if (number === this.#pages.length) {
        this.#starts.push(this.count);
        this.#pages.push({ from, count: rows.length, rows });
        this.#next = next;
      } else {
        // What was deleted since leaves empty rows, so that the others keep their numbers.
        const page = this.#pages[number];
        if (page) page.rows = rows.slice(0, page.count);
      }
      this.#touch(number);
    } catch (error) {
      this.error = error;
    } finally {
      this.#loading.delete(number);
      this.#tell();
    }
  }

  #pageOf(index: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #touch(number: number): void {
    if (this.#recent.at(-1) === number) return;
    this.#recent = [...this.#recent.filter((one) => one !== number), number];
    while (this.#recent.length > PAGES_KEPT) {
      const page = this.#pages[this.#recent.shift() ?? -1];
      if (page) page.rows = null;
    }
  }

  #tell(): void {
    this.#changes += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** Prefixes stay first: they have neither size nor date. By key it is the order of the store. */
function sorted(entries: Entry[], { column, isDescending }: Sort): Entry[] {
  if (column === "key") return isDescending ? entries.toReversed() : entries;
  const sign = isDescending ? -1 : 1;
  return entries.toSorted((a, b) => {
    if (a.kind === "prefix" || b.kind === "prefix") return Number(b.kind === "prefix") - Number(a.kind === "prefix");
    return sign * (a[column] - b[column]);
  });
}
