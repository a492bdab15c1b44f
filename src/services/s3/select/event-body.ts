import type { Allowance } from "../../../base/byte-budget.ts";
import { concat } from "../../../base/bytes.ts";
import type { UnsizedBody } from "../../../base/outgoing-body.ts";
import { element, plainDocument } from "../../../protocols/rest-xml/write.ts";
import { SelectFailure } from "../../../select/failure.ts";
import type { SelectCounts, SelectEvent, SelectRun } from "../../../select/run.ts";
import { eventMessage } from "./event-stream.ts";

/** Largest payload of a Records message. */
const PAYLOAD_MAX_BYTES = 1024 * 1024;
const NOTHING = new Uint8Array(0);

/** The answer to a query as messages of an event stream. A late failure is the last message. */
export class EventBody implements UnsizedBody {
  readonly sizeBytes = null;
  readonly #run: SelectRun;
  readonly #allowance: Allowance;
  #first: SelectEvent | null = null;
  #isOver = false;

  private constructor(run: SelectRun, allowance: Allowance) {
    this.#run = run;
    this.#allowance = allowance;
  }

  /**
   * Resolves with the first event ready: earlier failures can be answered with a status. Releases
   * the memory allowance at the end.
   */
  static async open(run: SelectRun, allowance: Allowance): Promise<EventBody> {
    const body = new EventBody(run, allowance);
    try {
      body.#first = await run.next();
      return body;
    } catch (error) {
      await body.cancel();
      throw error;
    }
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#isOver) return null;
    try {
      const event = this.#first ?? (await this.#run.next());
      this.#first = null;
      if (event !== null) return render(event);
      this.#end();
      return null;
    } catch (error) {
      await this.cancel();
      if (error instanceof SelectFailure) return renderFailure(error);
      throw error;
    }
  }

  async cancel(): Promise<void> {
    this.#end();
    await this.#run.cancel();
  }

  #end(): void {
    this.#isOver = true;
    this.#allowance.release();
  }
}

function render(event: SelectEvent): Uint8Array {
  switch (event.kind) {
    case "records":
      return recordsMessages(event.bytes);
    case "progress":
      return countsMessage("Progress", event.counts);
    case "stats":
      return countsMessage("Stats", event.counts);
    case "continuation":
      return eventMessage({ ":message-type": "event", ":event-type": "Cont" }, NOTHING);
    case "end":
      return eventMessage({ ":message-type": "event", ":event-type": "End" }, NOTHING);
  }
}

/** A message may end within a record: clients join them. */
function recordsMessages(bytes: Uint8Array): Uint8Array {
  const headers = { ":message-type": "event", ":event-type": "Records", ":content-type": "application/octet-stream" };
  if (bytes.length <= PAYLOAD_MAX_BYTES) return eventMessage(headers, bytes);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PAYLOAD_MAX_BYTES) {
    messages.push(eventMessage(headers, bytes.subarray(at, at + PAYLOAD_MAX_BYTES)));
  }
  return concat(messages);
}

function countsMessage(name: "Progress" | "Stats", counts: SelectCounts): Uint8Array {
  const document = plainDocument(
    name,
    element("BytesScanned", counts.scannedBytes),
    element("BytesProcessed", counts.processedBytes),
    element("BytesReturned", counts.returnedBytes),
  );
  const headers = { ":message-type": "event", ":event-type": name, ":content-type": "text/xml" };
  return eventMessage(headers, new TextEncoder().encode(document));
}

/**
 * Messages of failures may quote the query: line breaks and other than ASCII become question marks.
 */
function renderFailure({ code, message }: SelectFailure): Uint8Array {
  const text = message.replace(/[^\x20-\x7e]/g, "?");
  return eventMessage({ ":message-type": "error", ":error-code": code, ":error-message": text }, NOTHING);
}
