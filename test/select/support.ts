import type { Clock } from "../../src/base/clock.ts";
import type { CsvOptions } from "../../src/select/formats/csv-reader.ts";
import type { SelectSource } from "../../src/select/formats/pieces.ts";
import type { OutputFormat } from "../../src/select/output/result-writer.ts";
import type { InputFormat, SelectRequest } from "../../src/select/request.ts";
import { type SelectEvent, SelectRun } from "../../src/select/run.ts";

const NOW_MS = Date.UTC(2026, 10, 29, 12, 0, 0, 123);

/** Time stands still, and nobody waits. */
const stillClock: Clock = {
  now: () => NOW_MS,
  sleep: () => Promise.resolve(),
  timer: () => ({ done: new Promise(() => {}), cancel: () => {} }),
};

/** Bytes as an object, in pieces of one buffer that is used again and again. `ranges` are those that were read, by what was taken of them. */
export interface BytesSource extends SelectSource {
  readonly ranges: { offset: number; length: number }[];
  takenBytes: number;
}

export function sourceOf(content: string | Uint8Array, pieceBytes = 7): BytesSource {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const source: BytesSource = {
    sizeBytes: bytes.length,
    ranges: [],
    takenBytes: 0,
    read: async ({ offset, length }) => {
      source.ranges.push({ offset, length });
      let at = offset;
      const shared = new Uint8Array(pieceBytes);
      return {
        next: async () => {
          if (at >= offset + length) return null;
          const piece = bytes.subarray(at, Math.min(at + pieceBytes, offset + length));
          at += piece.length;
          source.takenBytes += piece.length;
          shared.set(piece);
          return shared.subarray(0, piece.length);
        },
        cancel: async () => {},
      };
    },
  };
  return source;
}

const plainCsv: CsvOptions = {
  fileHeaderInfo: "NONE",
  comments: "#",
  quote: '"',
  quoteEscape: '"',
  recordDelimiter: "\n",
  fieldDelimiter: ",",
  allowsQuotedRecordDelimiters: false,
};

export const csvIn = (options: Partial<CsvOptions> = {}): InputFormat => ({
  kind: "csv",
  compression: "NONE",
  csv: { ...plainCsv, ...options },
});
export const jsonIn = (type: "DOCUMENT" | "LINES" = "LINES"): InputFormat => ({
  kind: "json",
  compression: "NONE",
  type,
});
export const csvOut: OutputFormat = {
  kind: "csv",
  quoteFields: "ASNEEDED",
  recordDelimiter: "\n",
  fieldDelimiter: ",",
  quote: '"',
  quoteEscape: '"',
};
export const jsonOut: OutputFormat = { kind: "json", recordDelimiter: "\n" };

export function requestOf(expression: string, more: Partial<SelectRequest> = {}): SelectRequest {
  return { expression, input: csvIn(), output: csvOut, scanRange: null, withProgress: false, ...more };
}

async function eventsOf(source: SelectSource, request: SelectRequest): Promise<SelectEvent[]> {
  const run = new SelectRun(source, request, stillClock);
  const events: SelectEvent[] = [];
  for (let event = await run.next(); event !== null; event = await run.next()) events.push(event);
  return events;
}

/** All that a query returns, as text. */
export async function selected(
  content: string | Uint8Array | SelectSource,
  expression: string,
  more: Partial<SelectRequest> = {},
): Promise<string> {
  const source = typeof content === "string" || content instanceof Uint8Array ? sourceOf(content) : content;
  const events = await eventsOf(source, requestOf(expression, more));
  const records = events.flatMap((event) => (event.kind === "records" ? [event.bytes] : []));
  return Buffer.concat(records).toString();
}

/** The code that a query is refused with. */
export async function refusal(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
  return "nothing was refused";
}
