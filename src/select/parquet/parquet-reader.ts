import type { DecodedArray, RowGroup } from "hyparquet";
import type { Getter } from "../evaluate/functions.ts";
import { SelectFailure } from "../failure.ts";
import { columnPath, findName } from "../formats/columns.ts";
import type { RecordRange } from "../formats/csv-reader.ts";
import type { ReadCounts, SelectSource } from "../formats/pieces.ts";
import type { RecordReader, WholeRecord } from "../formats/record-reader.ts";
import type { Expression, Name, Path, Source } from "../sql/ast.ts";
import type { Work } from "../work.ts";
import { ColumnPages } from "./column-pages.ts";
import { type Column, type Footer, type ReadBytes, readFooter } from "./footer.ts";
import { type Bounds, groupFilter } from "./skip-groups.ts";
import { dialectValue } from "./values.ts";

/** The footer, and values and dictionaries of all columns that are read, decoded, together with what decoding a page takes. */
const HELD_MAX_BYTES = 40 * 1024 * 1024;
/** What decoding a value takes, in units of `Work`. */
const VALUE_UNITS = 40;
/** What is read at once for all columns together, and the least for one. */
const AHEAD_BYTES = 4 * 1024 * 1024;
const READ_MIN_BYTES = 16 * 1024;
const READ_MAX_BYTES = 512 * 1024;

interface OpenColumn {
  readonly column: Column;
  pages: ColumnPages | null;
  values: DecodedArray;
  /** Row of the row group that `values` begin at, and that they end before. */
  begin: number;
  end: number;
}

interface ParquetQuery {
  readonly from: Source;
  readonly where: Expression | null;
  readonly range: RecordRange | null;
  readonly counts: ReadCounts;
  readonly work: Work;
}

/** Rows of Parquet. Of each row group that may hold a row, the columns that the query names are read, a page of each at a time. */
export class ParquetReader implements RecordReader {
  readonly coerces = false;
  readonly #source: SelectSource;
  readonly #query: ParquetQuery;
  readonly #alias: Name;
  readonly #read: ReadBytes;
  readonly #skips: ReturnType<typeof groupFilter>;
  #footer: Footer = { metadata: { row_groups: [] } as unknown as Footer["metadata"], columns: [], heldBytes: 0 };
  readonly #open = new Map<Column, OpenColumn>();
  #wholeColumns: readonly OpenColumn[] = [];
  #group = -1;
  #row = -1;
  #rows = 0;

  constructor(source: SelectSource, query: ParquetQuery) {
    this.#source = source;
    this.#query = query;
    this.#alias = query.from.alias;
    this.#skips = groupFilter(query.where);
    this.#read = (offset, length) => readBytes(source, { offset, length }, query.counts);
  }

  async open(): Promise<void> {
    this.#footer = await readFooter(this.#source, this.#read);
  }

  async cancel(): Promise<void> {
    this.#open.clear();
  }

  resolve(path: Path): Getter {
    const open = this.#use(this.#column(path));
    return () => dialectValue(open.values[this.#row - open.begin]);
  }

  isFloat(path: Path): boolean {
    const element = this.#column(path).path?.at(-1)?.element;
    return element?.type === "FLOAT" || element?.type === "DOUBLE" || element?.converted_type === "DECIMAL";
  }

  needWhole(): void {
    this.#wholeColumns = this.#footer.columns.map((column) => this.#use(column));
  }

  whole(): WholeRecord {
    const values = this.#wholeColumns.map(({ values: page, begin }) => dialectValue(page[this.#row - begin]));
    return { names: this.#wholeColumns.map(({ column }) => column.name), values };
  }

  step(): boolean {
    const next = this.#row + 1;
    if (next >= this.#rows) return false;
    for (const { end } of this.#open.values()) if (next >= end) return false;
    this.#row = next;
    return true;
  }

  async fill(): Promise<boolean> {
    if (this.#row + 1 >= this.#rows && !this.#nextGroup()) return false;
    const { counts, work } = this.#query;
    let { heldBytes } = this.#footer;
    for (const { pages } of this.#open.values()) heldBytes += pages?.heldBytes ?? 0;
    for (const open of this.#open.values()) {
      if (this.#row + 1 < open.end) continue;
      heldBytes -= open.pages?.heldBytes ?? 0;
      // The page before goes before the next one comes.
      open.values = [];
      const page = await open.pages?.next(HELD_MAX_BYTES - heldBytes);
      heldBytes += open.pages?.heldBytes ?? 0;
      if (!page) throw new SelectFailure("ParquetParsingError");
      open.begin = open.end;
      open.end += page.length;
      open.values = page;
      if (open.end > this.#rows) throw new SelectFailure("ParquetParsingError");
      counts.processedBytes += open.pages?.pageBytes ?? 0;
      work.spendOutside(page.length * VALUE_UNITS);
      if (work.isTurnOver) await work.rest();
    }
    return true;
  }

  /** Moves to the next row group that may hold a row. False if there is none. */
  #nextGroup(): boolean {
    const groups = this.#footer.metadata.row_groups;
    // Without a column nothing would say how many rows there are but the footer.
    if (this.#open.size === 0) this.#useSmallest(groups[0]);
    for (;;) {
      this.#group += 1;
      const group = groups[this.#group];
      if (group === undefined) return false;
      if (Number(group.num_rows) === 0 || this.#isBeyondRange(group)) continue;
      if (this.#skips((path) => this.#bounds(group, path))) continue;
      this.#begin(group);
      return true;
    }
  }

  #begin(group: RowGroup): void {
    this.#row = -1;
    this.#rows = Number(group.num_rows);
    if (!Number.isSafeInteger(this.#rows) || this.#rows < 0) throw new SelectFailure("ParquetParsingError");
    const ahead = Math.floor(AHEAD_BYTES / this.#open.size);
    const readSize = Math.min(Math.max(ahead, READ_MIN_BYTES), READ_MAX_BYTES);
    for (const open of this.#open.values()) {
      const metadata = group.columns[open.column.leaf]?.meta_data;
      if (metadata === undefined || open.column.path === null) throw new SelectFailure("ParquetParsingError");
      const chunk = { metadata, path: open.column.path, fileBytes: this.#source.sizeBytes };
      Object.assign(open, { pages: new ColumnPages(chunk, this.#read, readSize), values: [], begin: 0, end: 0 });
    }
  }

  /** Row groups that begin outside of the scan range are left out. */
  #isBeyondRange({ columns }: RowGroup): boolean {
    const { range } = this.#query;
    const first = columns[0]?.meta_data;
    if (range === null || first === undefined) return false;
    const begin = Number(first.dictionary_page_offset || first.data_page_offset);
    return begin < range.start || begin >= range.end;
  }

  #bounds({ columns }: RowGroup, path: Path): Bounds | null {
    const column = this.#column(path);
    const element = column.path?.at(-1)?.element;
    const statistics = columns[column.leaf]?.meta_data?.statistics;
    if (statistics?.min_value === undefined || statistics.max_value === undefined) return null;
    // Texts that are no UTF-8 are ordered in other ways than decoded ones.
    if (element?.type === "FIXED_LEN_BYTE_ARRAY" || element?.type === "INT96") return null;
    return { min: dialectValue(statistics.min_value), max: dialectValue(statistics.max_value) };
  }

  #useSmallest(group: RowGroup | undefined): void {
    const flat = this.#footer.columns.filter(({ path }) => path !== null);
    const sizeOf = ({ leaf }: Column) => Number(group?.columns[leaf]?.meta_data?.total_compressed_size ?? 0);
    const [smallest] = flat.sort((a, b) => sizeOf(a) - sizeOf(b));
    if (smallest === undefined) throw new SelectFailure("UnsupportedParquetType");
    this.#use(smallest);
  }

  #use(column: Column): OpenColumn {
    if (column.path === null)
      throw new SelectFailure("UnsupportedParquetType", `Column ${column.name.slice(0, 64)} is nested.`);
    const open = this.#open.get(column) ?? { column, pages: null, values: [], begin: 0, end: 0 };
    this.#open.set(column, open);
    return open;
  }

  /** The column that a path names, by its name or its number. Throws MissingHeaderName, AmbiguousFieldName. */
  #column(path: Path): Column {
    const name = columnPath(path, this.#alias);
    const { columns } = this.#footer;
    const found = findName(
      columns.map((column) => column.name),
      name,
    );
    const index = found === -1 ? Number(/^_(\d{1,6})$/.exec(name.text)?.[1] ?? 0) - 1 : found;
    const wanted = columns[index];
    if (wanted === undefined) throw new SelectFailure("MissingHeaderName", name.text.slice(0, 64));
    return wanted;
  }
}

async function readBytes(
  source: SelectSource,
  range: { offset: number; length: number },
  counts: ReadCounts,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(range.length);
  const pieces = await source.read(range);
  let at = 0;
  for (let piece = await pieces.next(); piece !== null; piece = await pieces.next()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  counts.scannedBytes += at;
  return bytes;
}
