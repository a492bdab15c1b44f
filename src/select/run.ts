import type { Clock } from "../base/clock.ts";
import { SelectFailure } from "./failure.ts";
import type { ReadCounts, SelectSource } from "./formats/pieces.ts";
import { type OpenReader, openReader } from "./open-reader.ts";
import { ResultWriter } from "./output/result-writer.ts";
import { type BoundQuery, bindQuery } from "./projection.ts";
import type { SelectRequest } from "./request.ts";
import type { Statement } from "./sql/ast.ts";
import { parseStatement } from "./sql/parse.ts";
import { Work } from "./work.ts";

/** Of the object, of what it was decompressed to, and of what was returned. */
export interface SelectCounts extends ReadCounts {
  returnedBytes: number;
}

/** What a query answers, in its order: any number of records, progress and signs of life, then stats, then the end. */
export type SelectEvent =
  | { readonly kind: "records"; readonly bytes: Uint8Array }
  | { readonly kind: "progress" | "stats"; readonly counts: SelectCounts }
  | { readonly kind: "continuation" | "end" };

/** A message holds about so much: its payload must stay below 1 MiB. */
const RECORDS_LENGTH = 128 * 1024;
/** So much is worked on before others get their turn: some 10 ms. */
const TURN_BYTES = 4 * 1024 * 1024;
/** The same for records, of which some are dear. */
const TURN_RECORDS = 20_000;
/** A client hears from the query this often. */
const BEAT_MS = 1_000;
/** Bound of what one query may decompress to: a few kilobytes can be terabytes. */
const INFLATED_MAX_BYTES = 64 * 1024 ** 3;

/**
 * Runs a query over an object, event by event; nothing is read before it is asked for. What it holds in memory is a record, a piece of the input and a
 * message. Between turns of work it lets other requests of the isolate run.
 */
export class SelectRun {
  readonly #source: SelectSource;
  readonly #request: SelectRequest;
  readonly #statement: Statement;
  readonly #clock: Clock;
  readonly #work: Work;
  readonly #writer: ResultWriter;
  readonly #counts: SelectCounts = { scannedBytes: 0, processedBytes: 0, returnedBytes: 0 };
  #opened: (OpenReader & { readonly query: BoundQuery }) | null = null;
  #left: number;
  #state: "reading" | "finished" | "stats" | "ended" = "reading";
  #beatMs: number;
  #yieldedBytes = 0;
  #records = 0;

  /** Throws `SelectFailure` for an expression that cannot be. */
  constructor(source: SelectSource, request: SelectRequest, clock: Clock) {
    this.#source = source;
    this.#request = request;
    this.#clock = clock;
    this.#work = new Work(clock);
    this.#statement = parseStatement(request.expression);
    this.#writer = new ResultWriter(request.output);
    this.#left = this.#statement.limit ?? Number.POSITIVE_INFINITY;
    this.#beatMs = clock.now();
  }

  /** The next event; null after the end. Throws `SelectFailure`, and what the source throws. */
  async next(): Promise<SelectEvent | null> {
    switch (this.#state) {
      case "reading":
        return this.#read();
      case "finished": {
        this.#state = "stats";
        return this.#flush() ?? this.next();
      }
      case "stats":
        this.#state = "ended";
        return { kind: "stats", counts: { ...this.#counts } };
      case "ended":
        if (this.#opened === null) return null;
        this.#opened = null;
        return { kind: "end" };
    }
  }

  async cancel(): Promise<void> {
    await this.#opened?.cancel();
  }

  async #read(): Promise<SelectEvent | null> {
    this.#opened ??= await this.#open();
    const { reader, query } = this.#opened;
    const writer = this.#writer;
    for (;;) {
      while (this.#left > 0 && reader.step()) {
        this.#records += 1;
        this.#work.beginRecord();
        let outcome = query.take(writer);
        while (outcome === "paused") {
          await this.#yield();
          outcome = query.take(writer);
        }
        if (outcome === "passed" && query.finish === null) this.#left -= 1;
        if (writer.length >= RECORDS_LENGTH) return this.#flush() as SelectEvent;
        if (this.#records >= TURN_RECORDS || this.#work.isTurnOver) {
          await this.#yield();
          if (this.#isBeatDue) return this.#beat();
        }
      }
      if (this.#left === 0 || !(await reader.fill())) break;
      if (this.#counts.processedBytes > INFLATED_MAX_BYTES && this.#counts.processedBytes > this.#source.sizeBytes) {
        throw new SelectFailure("ExternalEvalException", "The object decompresses to more than 64 GiB.");
      }
      if (this.#counts.processedBytes - this.#yieldedBytes >= TURN_BYTES) await this.#yield();
      if (this.#isBeatDue) return this.#beat();
    }
    if (this.#statement.limit !== 0 && query.finish !== null) {
      this.#work.beginRecord();
      while (query.finish(writer) === "paused") await this.#yield();
    }
    await this.#opened.cancel();
    this.#state = "finished";
    return this.next();
  }

  get #isBeatDue(): boolean {
    return this.#clock.now() - this.#beatMs >= BEAT_MS;
  }

  /** A sign of life: what there is of results, progress if it was asked for, or the bare message. */
  #beat(): SelectEvent {
    this.#beatMs = this.#clock.now();
    if (this.#request.withProgress) return { kind: "progress", counts: { ...this.#counts } };
    return this.#flush() ?? { kind: "continuation" };
  }

  #flush(): SelectEvent | null {
    if (this.#writer.length === 0) return null;
    const bytes = this.#writer.take();
    this.#counts.returnedBytes += bytes.length;
    this.#beatMs = this.#clock.now();
    return { kind: "records", bytes };
  }

  async #yield(): Promise<void> {
    this.#yieldedBytes = this.#counts.processedBytes;
    this.#records = 0;
    await this.#work.rest();
  }

  async #open(): Promise<OpenReader & { readonly query: BoundQuery }> {
    const opened = await openReader(this.#source, this.#request, this.#statement, {
      counts: this.#counts,
      work: this.#work,
    });
    try {
      await opened.reader.open();
      return {
        ...opened,
        query: bindQuery(this.#statement, opened.reader, { nowMs: this.#clock.now(), work: this.#work }),
      };
    } catch (error) {
      await opened.cancel();
      throw error;
    }
  }
}
