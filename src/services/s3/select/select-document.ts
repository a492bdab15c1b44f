import { child, childText, readXml, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { SelectFailure } from "../../../select/failure.ts";
import type { CsvOptions } from "../../../select/formats/csv-reader.ts";
import type { CsvOutput } from "../../../select/output/csv-record.ts";
import type { OutputFormat } from "../../../select/output/result-writer.ts";
import type { InputFormat, ScanRange, SelectRequest } from "../../../select/request.ts";
import { readBody } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";

/** An expression of 256 KB in character references. */
const DOCUMENT_MAX_BYTES = 2 * 1024 * 1024;
const DELIMITER_MAX_LENGTH = 8;

const csvIn = {
  FileHeaderInfo: "text",
  Comments: "text",
  QuoteEscapeCharacter: "text",
  RecordDelimiter: "text",
  FieldDelimiter: "text",
  QuoteCharacter: "text",
  AllowQuotedRecordDelimiter: "text",
} as const;
const csvOut = {
  QuoteFields: "text",
  QuoteEscapeCharacter: "text",
  RecordDelimiter: "text",
  FieldDelimiter: "text",
  QuoteCharacter: "text",
} as const;
const SHAPE = {
  Expression: "text",
  ExpressionType: "text",
  RequestProgress: { Enabled: "text" },
  InputSerialization: { CSV: csvIn, CompressionType: "text", JSON: { Type: "text" }, Parquet: {} },
  OutputSerialization: { CSV: csvOut, JSON: { RecordDelimiter: "text" } },
  ScanRange: { Start: "text", End: "text" },
} as const;

/**
 * Reads the document of a query. Throws MissingRequestBodyError, MalformedXML, and a
 * `SelectFailure` for an invalid element.
 */
export async function readSelectDocument(call: Call): Promise<SelectRequest> {
  const bytes = await readBody(call, DOCUMENT_MAX_BYTES);
  if (bytes.length === 0) throw new S3Error("MissingRequestBodyError");
  const root = readXml(bytes, "SelectObjectContentRequest");
  requireShape(root, SHAPE);
  return parseSelectRequest(root);
}

/** The request in a document. Source: S3 API reference, "SelectObjectContent". */
function parseSelectRequest(root: XmlElement): SelectRequest {
  const expression = needed(childText(root, "Expression"), "Expression");
  if (needed(childText(root, "ExpressionType"), "ExpressionType").toUpperCase() !== "SQL") {
    throw new SelectFailure("InvalidExpressionType");
  }
  const progress = child(root, "RequestProgress");
  return {
    expression,
    input: parseInput(needed(child(root, "InputSerialization"), "InputSerialization")),
    output: parseOutput(needed(child(root, "OutputSerialization"), "OutputSerialization")),
    scanRange: parseScanRange(child(root, "ScanRange")),
    withProgress: progress !== undefined && isTrue(childText(progress, "Enabled"), "RequestProgress"),
  };
}

function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined || value === "") throw new SelectFailure("MissingRequiredParameter", name);
  return value;
}

function parseInput(input: XmlElement): InputFormat {
  const csv = child(input, "CSV");
  const json = child(input, "JSON");
  const parquet = child(input, "Parquet");
  const given = [csv, json, parquet].filter((format) => format !== undefined);
  if (given.length === 0) throw new SelectFailure("InvalidDataSource");
  if (given.length > 1) throw new SelectFailure("ObjectSerializationConflict");
  const compression = oneOf(childText(input, "CompressionType"), ["NONE", "GZIP", "BZIP2"], "InvalidCompressionFormat");
  if (csv) return { kind: "csv", compression, csv: parseCsvInput(csv) };
  if (json) return { kind: "json", compression, type: parseJsonType(json) };
  // Parquet compresses columns, not the object.
  if (compression !== "NONE") throw new SelectFailure("InvalidCompressionFormat", "Parquet takes NONE.");
  return { kind: "parquet" };
}

/** The first choice is the default. */
function oneOf<T extends string>(
  text: string | undefined,
  choices: readonly [T, ...T[]],
  code: "InvalidCompressionFormat" | "InvalidFileHeaderInfo" | "InvalidJsonType" | "InvalidQuoteFields",
): T {
  if (text === undefined || text === "") return choices[0];
  const found = choices.find((choice) => choice === text.toUpperCase());
  if (found === undefined) throw new SelectFailure(code);
  return found;
}

function parseJsonType(json: XmlElement): "DOCUMENT" | "LINES" {
  return oneOf(needed(childText(json, "Type"), "Type"), ["DOCUMENT", "LINES"], "InvalidJsonType");
}

function parseCsvInput(csv: XmlElement): CsvOptions {
  const quote = character(csv, "QuoteCharacter", '"');
  const format: CsvOptions = {
    fileHeaderInfo: oneOf(childText(csv, "FileHeaderInfo"), ["NONE", "USE", "IGNORE"], "InvalidFileHeaderInfo"),
    comments: character(csv, "Comments", "#") || null,
    quote: quote || null,
    quoteEscape: character(csv, "QuoteEscapeCharacter", '"') || quote,
    recordDelimiter: delimiter(csv, "RecordDelimiter", "\n"),
    fieldDelimiter: delimiter(csv, "FieldDelimiter", ","),
    allowsQuotedRecordDelimiters: isTrue(childText(csv, "AllowQuotedRecordDelimiter"), "AllowQuotedRecordDelimiter"),
  };
  requireDistinct(format.recordDelimiter, format.fieldDelimiter, format.quote ?? "");
  return format;
}

function parseOutput(output: XmlElement): OutputFormat {
  const csv = child(output, "CSV");
  const json = child(output, "JSON");
  if (csv && json) throw new SelectFailure("ObjectSerializationConflict");
  if (csv) return { kind: "csv", ...parseCsvOutput(csv) };
  if (json) return { kind: "json", recordDelimiter: delimiter(json, "RecordDelimiter", "\n") };
  throw new SelectFailure("MissingRequiredParameter", "OutputSerialization");
}

function parseCsvOutput(csv: XmlElement): CsvOutput {
  const quote = character(csv, "QuoteCharacter", '"');
  const format: CsvOutput = {
    quoteFields: oneOf(childText(csv, "QuoteFields"), ["ASNEEDED", "ALWAYS"], "InvalidQuoteFields"),
    quote,
    quoteEscape: character(csv, "QuoteEscapeCharacter", '"') || quote,
    recordDelimiter: delimiter(csv, "RecordDelimiter", "\n"),
    fieldDelimiter: delimiter(csv, "FieldDelimiter", ","),
  };
  requireDistinct(format.recordDelimiter, format.fieldDelimiter, quote);
  return format;
}

/** One ASCII character, or none if the element is empty. */
function character(parent: XmlElement, name: string, standard: string): string {
  const text = childText(parent, name) ?? standard;
  if (text.length > 1 || text > "\x7f") throw new SelectFailure("InvalidRequestParameter", name);
  return text;
}

function delimiter(parent: XmlElement, name: string, standard: string): string {
  const text = childText(parent, name) ?? standard;
  if (text.length === 0 || text.length > DELIMITER_MAX_LENGTH) throw new SelectFailure("InvalidRequestParameter", name);
  return text;
}

/** Delimiters with the same beginning cannot be told apart. */
function requireDistinct(record: string, field: string, quote: string): void {
  const first = [record.charAt(0), field.charAt(0), quote];
  if (new Set(first).size < first.length)
    throw new SelectFailure("InvalidRequestParameter", "Delimiters and quotes must differ.");
}

function isTrue(text: string | undefined, name: string): boolean {
  const lower = text?.trim().toLowerCase() ?? "false";
  if (lower !== "true" && lower !== "false") throw new SelectFailure("InvalidRequestParameter", name);
  return lower === "true";
}

function parseScanRange(range: XmlElement | undefined): ScanRange | null {
  if (range === undefined) return null;
  const start = position(childText(range, "Start"));
  const end = position(childText(range, "End"));
  if (start === null && end === null) throw new SelectFailure("InvalidScanRange");
  if (start === null) return { suffix: end as number };
  if (end !== null && end < start) throw new SelectFailure("InvalidScanRange");
  return { start, end };
}

function position(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw new SelectFailure("InvalidScanRange");
  return Number(text);
}
