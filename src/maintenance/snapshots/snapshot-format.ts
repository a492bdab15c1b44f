import { concat } from "../../base/bytes.ts";
import type { SnapshotRows, SnapshotTableName } from "../../metadata/snapshots/snapshots.ts";
import { SNAPSHOT_TABLES } from "../../metadata/snapshots/snapshots.ts";

/** Rows of snapshot by table. */
export type RowCounts = Partial<Record<SnapshotTableName, number>>;

export interface SnapshotSummary {
  id: string;
  /** Every key is as it was at one moment between these two. */
  beganMs: number;
  endedMs: number;
  rows: RowCounts;
}

/** The last piece of a snapshot: without it the others are not read. */
export interface Manifest extends SnapshotSummary {
  format: "sherd-snapshot";
  /** 2: each sealed piece is bound to its number. */
  version: 1 | 2;
  /**
   * Blob ids of the pieces, in order. Pieces without an entry here were left by interrupted runs.
   */
  pieces: string[];
  /** Pieces from this one on hold buckets only. */
  bucketsFrom: number;
  /**
   * The store of the metadata; absent in snapshots of earlier versions, and in those of other
   * databases than the first.
   */
  storeId?: string;
  /** Older ones of the same database that were there at the time. */
  kept: SnapshotSummary[];
}

/** One line of a piece: rows of one table, each with the values of `columns`. */
export interface SnapshotLine {
  table: SnapshotTableName;
  columns: readonly string[];
  rows: unknown[][];
}

/** A line of JSON with the line's end. The rows are JSON already. */
export function encodeLine({ table, rows }: SnapshotRows): string {
  const { columns } = SNAPSHOT_TABLES[table];
  return `{"table":${JSON.stringify(table)},"columns":${JSON.stringify(columns)},"rows":[${rows.join(",")}]}\n`;
}

/** The lines of a piece. Throws an `Error` if it is not one. */
export function decodeLines(text: string): SnapshotLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { table, columns, rows } = JSON.parse(line) as Partial<SnapshotLine>;
      if (!table || !(table in SNAPSHOT_TABLES) || !Array.isArray(columns) || !Array.isArray(rows)) {
        throw new Error("a piece of the snapshot holds something else");
      }
      if (!columns.every((column) => /^[a-z_0-9]+$/.test(column))) throw new Error("a column has no name");
      return { table, columns, rows };
    });
}

/** Throws an `Error` if the text is not a manifest that this code can read. */
export function decodeManifest(text: string): Manifest {
  const manifest = JSON.parse(text) as Partial<Manifest>;
  if (manifest.format !== "sherd-snapshot") throw new Error("the manifest of the snapshot holds something else");
  if (manifest.version !== 1 && manifest.version !== 2)
    throw new Error(`the snapshot has version ${manifest.version}, which is unknown here`);
  return manifest as Manifest;
}

/** Context of a sealed manifest, and in version 1 of each sealed piece. */
export function snapshotContext(snapshotId: string): string {
  return `sherd/1/snapshot\0${snapshotId}`;
}

/** Context of the sealed piece with this number, from version 2 on. */
export function pieceContext(snapshotId: string, piece: number): string {
  return `${snapshotContext(snapshotId)}\0${piece}`;
}

/** gzip, by the runtime. */
export async function compress(text: string): Promise<Uint8Array> {
  return through(new CompressionStream("gzip"), new TextEncoder().encode(text));
}

/** Throws if the bytes are not a complete gzip file. */
export async function decompress(bytes: Uint8Array): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    await through(new DecompressionStream("gzip"), bytes),
  );
}

async function through(transform: CompressionStream | DecompressionStream, bytes: Uint8Array): Promise<Uint8Array> {
  const writer = transform.writable.getWriter();
  const writing = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  const pieces: Uint8Array[] = [];
  const reader = transform.readable.getReader();
  const reading = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
  })();
  await Promise.all([writing, reading]);
  return concat(pieces);
}
