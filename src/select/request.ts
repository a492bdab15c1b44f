import type { CsvOptions } from "./formats/csv-reader.ts";
import type { OutputFormat } from "./output/result-writer.ts";

export type Compression = "NONE" | "GZIP" | "BZIP2";

export type InputFormat =
  | { readonly kind: "csv"; readonly compression: Compression; readonly csv: CsvOptions }
  | { readonly kind: "json"; readonly compression: Compression; readonly type: "DOCUMENT" | "LINES" }
  | { readonly kind: "parquet" };

/** Bytes of the object: records that begin in them are read. `end` is the last of them; null: the object's. */
export type ScanRange = { readonly start: number; readonly end: number | null } | { readonly suffix: number };

/** What a query asks for. */
export interface SelectRequest {
  readonly expression: string;
  readonly input: InputFormat;
  readonly output: OutputFormat;
  readonly scanRange: ScanRange | null;
  readonly withProgress: boolean;
}
