import { type FileMetaData, parquetMetadata, parquetSchema, type SchemaTree } from "hyparquet";
import { getTreePath, isFlatColumn } from "hyparquet/src/schema.js";
import { SelectFailure } from "../failure.ts";
import type { SelectSource } from "../formats/pieces.ts";
import { endOfThrift } from "./check-thrift.ts";
import { statisticsParsers } from "./values.ts";

/** Decoded, a larger footer would take more than a query may hold. */
const FOOTER_MAX_BYTES = 2 * 1024 * 1024;
/** What a byte of a footer takes once it is decoded. */
const DECODED_BYTES = 20;
/** The first read: enough for most footers. */
const TAIL_BYTES = 64 * 1024;
const TRAILER_BYTES = 8;
const MAGIC = 0x31524150;

/** A column at the top level. */
export interface Column {
  readonly name: string;
  /** Position among all leaves of the schema, as row groups list them. */
  readonly leaf: number;
  /** Null: it is nested. */
  readonly path: SchemaTree[] | null;
}

export interface Footer {
  readonly metadata: FileMetaData;
  readonly columns: readonly Column[];
  /** What it takes in memory, about. */
  readonly heldBytes: number;
}

/** Reads bytes of the object, counted by who gives this. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/** The footer of a Parquet file. Throws ParquetParsingError, OverMaxParquetBlockSize. */
export async function readFooter({ sizeBytes }: Pick<SelectSource, "sizeBytes">, read: ReadBytes): Promise<Footer> {
  if (sizeBytes < TRAILER_BYTES + 4) throw new SelectFailure("ParquetParsingError");
  const tailBytes = Math.min(TAIL_BYTES, sizeBytes);
  let tail = await read(sizeBytes - tailBytes, tailBytes);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const footerBytes = view.getUint32(tailBytes - TRAILER_BYTES, true);
  if (view.getUint32(tailBytes - 4, true) !== MAGIC || footerBytes > sizeBytes - TRAILER_BYTES - 4) {
    throw new SelectFailure("ParquetParsingError");
  }
  if (footerBytes > FOOTER_MAX_BYTES)
    throw new SelectFailure("OverMaxParquetBlockSize", "The footer is larger than 2 MiB.");
  const wanted = footerBytes + TRAILER_BYTES;
  if (wanted > tailBytes) tail = await read(sizeBytes - wanted, wanted);
  try {
    const whole = tail.slice(tail.length - wanted);
    endOfThrift(whole, 0, footerBytes);
    const metadata = parquetMetadata(whole.buffer, { parsers: statisticsParsers, geoparquet: false });
    const schema = parquetSchema(metadata);
    return { metadata, columns: columnsOf(schema), heldBytes: footerBytes * DECODED_BYTES };
  } catch (cause) {
    throw new SelectFailure("ParquetParsingError", undefined, { cause });
  }
}

function columnsOf(schema: SchemaTree): Column[] {
  let leaf = 0;
  return schema.children.map((child) => {
    const path = getTreePath(schema, [child.element.name]);
    const column = { name: child.element.name, leaf, path: isFlatColumn(path) ? path : null };
    leaf += leavesOf(child);
    return column;
  });
}

function leavesOf(tree: SchemaTree): number {
  return tree.children.length === 0 ? 1 : tree.children.reduce((sum, child) => sum + leavesOf(child), 0);
}
