import { SelectFailure } from "./failure.ts";
import { bunzip } from "./formats/bunzip.ts";
import { CsvReader, type RecordRange } from "./formats/csv-reader.ts";
import { gunzip } from "./formats/gunzip.ts";
import { InputWindow } from "./formats/input-window.ts";
import { JsonReader } from "./formats/json-reader.ts";
import type { Pieces, ReadCounts, SelectSource } from "./formats/pieces.ts";
import type { RecordReader } from "./formats/record-reader.ts";
import { ParquetReader } from "./parquet/parquet-reader.ts";
import type { InputFormat, ScanRange, SelectRequest } from "./request.ts";
import type { Statement } from "./sql/ast.ts";
import type { Work } from "./work.ts";

/** A reader of the object's records, and what frees it. */
export interface OpenReader {
  readonly reader: RecordReader;
  cancel(): Promise<void>;
}

/** Opens what the request names of the object. `counts` goes on being updated. Throws UnsupportedScanRangeInput, InvalidScanRange. */
export async function openReader(
  source: SelectSource,
  request: SelectRequest,
  statement: Statement,
  { counts, work }: { readonly counts: ReadCounts; readonly work: Work },
): Promise<OpenReader> {
  const { input } = request;
  const range = request.scanRange === null ? null : resolveRange(request.scanRange, source.sizeBytes, input);
  if (input.kind === "parquet") {
    if (statement.from.steps.length > 0) throw new SelectFailure("InvalidKeyPath");
    const reader = new ParquetReader(source, { from: statement.from, where: statement.where, range, counts, work });
    return { reader, cancel: () => reader.cancel() };
  }
  if (input.kind === "csv" && statement.from.steps.length > 0) throw new SelectFailure("InvalidKeyPath");
  // One byte more: a record that begins where the range does begins behind the delimiter before.
  const offset = range === null ? 0 : Math.max(range.start - 1, 0);
  const pieces = decompressed(await countedRead(source, offset, counts), input.compression, work);
  const window = new InputWindow(pieces, counts, offset);
  const cancel = () => window.cancel();
  if (input.kind === "json") return { reader: new JsonReader(window, statement.from, range, work), cancel };
  if (range === null) return { reader: new CsvReader(window, input.csv, statement.from.alias, null), cancel };
  const beginning = range.start === 0 ? null : new InputWindow(await countedRead(source, 0, counts), counts, 0);
  const reader = new CsvReader(window, input.csv, statement.from.alias, { range, beginning });
  return { reader, cancel: () => Promise.all([cancel(), beginning?.cancel()]).then(() => {}) };
}

/** The range in bytes, half open. */
function resolveRange(range: ScanRange, sizeBytes: number, input: InputFormat): RecordRange {
  const isSplit =
    input.kind === "parquet" || (input.compression === "NONE" && (input.kind === "csv" || input.type === "LINES"));
  if (!isSplit || (input.kind === "csv" && input.csv.allowsQuotedRecordDelimiters)) {
    throw new SelectFailure("UnsupportedScanRangeInput");
  }
  if ("suffix" in range) return { start: Math.max(sizeBytes - range.suffix, 0), end: sizeBytes };
  if (range.start >= sizeBytes && sizeBytes > 0) throw new SelectFailure("InvalidScanRange");
  return { start: range.start, end: range.end === null ? sizeBytes : Math.min(range.end + 1, sizeBytes) };
}

/** Bytes of the source from `offset` to its end, counted. */
async function countedRead(source: SelectSource, offset: number, counts: ReadCounts): Promise<Pieces> {
  const pieces = await source.read({ offset, length: source.sizeBytes - offset });
  return {
    next: async () => {
      const piece = await pieces.next();
      counts.scannedBytes += piece?.length ?? 0;
      return piece;
    },
    cancel: () => pieces.cancel(),
  };
}

function decompressed(pieces: Pieces, compression: "NONE" | "GZIP" | "BZIP2", work: Work): Pieces {
  if (compression === "NONE") return pieces;
  return compression === "GZIP" ? gunzip(pieces) : bunzip(pieces, work);
}
