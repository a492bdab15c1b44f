import { concat } from "../../base/bytes.ts";
import type { Cell, Column, InventoriedBucket } from "./columns.ts";
import type { RankedVersion } from "./expiration.ts";

/** A data file of an inventory being made. Its compressed bytes are in memory. */
export interface DataFile {
  readonly extension: string;
  add(versions: readonly RankedVersion[]): Promise<void>;
  /** Compressed bytes so far. */
  readonly sizeBytes: number;
  /** All of its bytes. Called once, at the end. */
  finish(): Promise<Uint8Array>;
}

/** CSV without a header, each value in quotes, keys URL-encoded, compressed by gzip. */
export class CsvFile implements DataFile {
  readonly extension = "csv.gz";
  readonly #columns: readonly Column[];
  readonly #bucket: InventoriedBucket;
  readonly #gzip = new CompressionStream("gzip");
  readonly #writer = this.#gzip.writable.getWriter();
  readonly #pieces: Uint8Array[] = [];
  readonly #read = this.#readAll();
  #sizeBytes = 0;

  constructor(columns: readonly Column[], bucket: InventoriedBucket) {
    this.#columns = columns;
    this.#bucket = bucket;
    // The error is thrown by `finish`.
    this.#read.catch(() => {});
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async add(versions: readonly RankedVersion[]): Promise<void> {
    let text = "";
    for (const version of versions) {
      const cells = this.#columns.map((column) => csvCell(column, column.cell(version, this.#bucket)));
      text += `${cells.join(",")}\n`;
    }
    await this.#writer.write(new TextEncoder().encode(text));
  }

  async finish(): Promise<Uint8Array> {
    await this.#writer.close();
    await this.#read;
    return concat(this.#pieces);
  }

  async #readAll(): Promise<void> {
    const reader = this.#gzip.readable.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      this.#pieces.push(read.value);
      this.#sizeBytes += read.value.length;
    }
  }
}

function csvCell({ name }: Column, cell: Cell): string {
  if (cell === null) return '""';
  if (cell instanceof Date) return `"${cell.toISOString()}"`;
  const text = name === "key" ? urlEncoded(String(cell)) : String(cell);
  return `"${text.replaceAll('"', '""')}"`;
}

/** All except unreserved characters and `/`. A space becomes `%20`, which every decoder reads. */
function urlEncoded(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
