import type { Buffer } from "node:buffer";

const LINE_BYTES_MAX = 8192;

/** Takes the framing off a body of `Transfer-Encoding: chunked` (RFC 9112, section 7.1), piece by piece. Trailers are passed over. */
export class ChunkedDecoder {
  readonly #sink: (data: Buffer) => void;
  #state: "size" | "data" | "data-end" | "trailer" | "done" = "size";
  #line = "";
  #leftBytes = 0;

  /** `sink` is given the data, as views of what was taken. */
  constructor(sink: (data: Buffer) => void) {
    this.#sink = sink;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Throws where the framing is wrong, or bytes follow the end. */
  take(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "done") throw new Error("bytes behind the end of the answer");
      at = this.#state === "data" ? this.#takeData(bytes, at) : this.#takeLine(bytes, at);
    }
  }

  #takeData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#leftBytes);
    this.#sink(bytes.subarray(at, end));
    this.#leftBytes -= end - at;
    if (this.#leftBytes === 0) this.#state = "data-end";
    return end;
  }

  #takeLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf("\n", at);
    const past = end < 0 ? bytes.length : end + 1;
    this.#line += bytes.toString("latin1", at, past);
    if (this.#line.length > LINE_BYTES_MAX) throw new Error("a line of the chunked body is too long");
    if (end >= 0) {
      const line = this.#line.trimEnd();
      this.#line = "";
      this.#endLine(line);
    }
    return past;
  }

  #endLine(line: string): void {
    if (this.#state === "data-end") {
      if (line !== "") throw new Error("a chunk is longer than its size says");
      this.#state = "size";
    } else if (this.#state === "trailer") {
      if (line === "") this.#state = "done";
    } else {
      const size = /^[0-9a-f]{1,12}(?=$|[;\s])/i.exec(line)?.[0];
      if (size === undefined) throw new Error("the size of a chunk is not a number");
      this.#leftBytes = Number.parseInt(size, 16);
      this.#state = this.#leftBytes === 0 ? "trailer" : "data";
    }
  }
}
