/**
 * A stream of known length that is written piece by piece, like a FixedLengthStream, but that the
 * runtime pulls: each piece is passed on whole. A FixedLengthStream would cut it into 64 KiB and
 * copy it once more. The stream has no queue: a write resolves when the reader is done with the
 * bytes, so they may be views of WASM memory. Only for bodies that `fetch` sends.
 */
export class PulledStream {
  readonly readable: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Resolves the waiting pull. */
  #hungry: (() => void) | null = null;
  #step: PromiseWithResolvers<void> | null = null;
  #next: Uint8Array | "end" | null = null;
  #failure: unknown = null;

  constructor(sizeBytes: number) {
    const source: UnderlyingSource<Uint8Array> = {
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: (reason) => this.#fail(reason ?? new Error("nobody reads any more")),
      // Workerd's own: needed to send Content-Length.
      expectedLength: sizeBytes,
    };
    this.readable = new ReadableStream(source, { highWaterMark: 0 });
  }

  /** One call at a time. Rejects if the stream was aborted, or its reader has stopped. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#offer(bytes);
  }

  /** Resolves when everything was read. A write may still be under way. */
  async close(): Promise<void> {
    await this.#step?.promise;
    return this.#offer("end");
  }

  /** The reader gets `reason` as its error. */
  async abort(reason: unknown): Promise<void> {
    if (this.#failure === null) this.#controller?.error(reason);
    this.#fail(reason);
  }

  #offer(next: Uint8Array | "end"): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#next = next;
    this.#step = Promise.withResolvers();
    this.#hungry?.();
    return this.#step.promise;
  }

  /** Called when the previous piece was read. */
  async #pull(): Promise<void> {
    if (this.#next === null) this.#taken();
    // Never at once: a piece that is enqueued within a pull could be overtaken by the next pull,
    // which reports it as read.
    await this.#offered();
    const next = this.#next;
    this.#next = null;
    if (this.#failure !== null || next === null) return;
    if (next !== "end") return this.#controller?.enqueue(next);
    this.#controller?.close();
    this.#taken();
  }

  async #offered(): Promise<void> {
    if (this.#next !== null || this.#failure !== null) return;
    await new Promise<void>((resolve) => {
      this.#hungry = resolve;
    });
    this.#hungry = null;
  }

  #taken(): void {
    this.#step?.resolve();
    this.#step = null;
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#next = null;
    this.#step?.reject(this.#failure);
    this.#step = null;
    this.#hungry?.();
  }
}
