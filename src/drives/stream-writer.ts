import { bufferedWriter } from "./buffered-writer.ts";
import { DriveError, type ShardWriter } from "./drive.ts";
import { PulledStream } from "./pulled-stream.ts";

/**
 * A shard up to this size is sent in one piece: that takes half the time of a stream, and occupies
 * no connection while the shard is being written.
 */
const WHOLE_BYTES_MAX = 64 * 1024;

export interface StreamedPut {
  /** Name of the drive, for errors. */
  drive: string;
  sizeBytes: number;
  /**
   * Sends `body`, of exactly `sizeBytes` (a FixedLengthStream if it is a stream, or a
   * PulledStream), and resolves when the drive has acknowledged it. Rejects with a DriveError. Must
   * not store a body that ends early or fails.
   */
  send(body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void>;
  /** `send` is a fetch, which accepts a PulledStream. */
  isPulled?: boolean;
}

/**
 * A writer for a drive that accepts a shard as a stream of known length. Only in workerd: it needs
 * FixedLengthStream.
 */
export function streamWriter(put: StreamedPut): ShardWriter {
  if (put.sizeBytes > WHOLE_BYTES_MAX) return new StreamWriter(put);
  return bufferedWriter({ ...put, store: put.send });
}

interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

/**
 * Neither stream has a buffer: a write resolves when the reader has taken the bytes, so callers may
 * pass views of WASM memory and reuse them. The shard's last byte is held back until `close`. Until
 * then no drive, however slow, can have a complete body, so an abort is always in time.
 */
class StreamWriter implements ShardWriter {
  readonly #drive: string;
  readonly #sink: Sink;
  readonly #sending = new AbortController();
  readonly #sent: Promise<void>;
  #leftBytes: number;
  #lastByte: Uint8Array | null = null;
  #closing = false;
  #failure: DriveError | null = null;
  #rejectStep: ((failure: DriveError) => void) | null = null;

  constructor(put: StreamedPut) {
    this.#drive = put.drive;
    this.#leftBytes = put.sizeBytes;
    const { readable, sink } = put.isPulled ? pulled(put.sizeBytes) : fixedLength(put.sizeBytes);
    this.#sink = sink;
    this.#sent = put.send(readable, this.#sending.signal);
    this.#sent.then(
      () => {
        if (!this.#closing) this.#fail(this.#error("unknown", "put was answered before its body was sent"));
      },
      (error: unknown) => this.#fail(error),
    );
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#closing || bytes.length > this.#leftBytes) {
      throw await this.#giveUp(this.#error("refused", "more bytes were written than the shard has"));
    }
    this.#leftBytes -= bytes.length;
    let now = bytes;
    if (this.#leftBytes === 0 && bytes.length > 0) {
      this.#lastByte = bytes.slice(-1);
      now = bytes.subarray(0, -1);
    }
    if (now.length > 0) await this.#step(this.#sink.write(now));
  }

  async close(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#closing) throw this.#error("refused", "the writer was closed before");
    if (this.#leftBytes > 0) {
      throw await this.#giveUp(this.#error("short", `${this.#leftBytes} bytes of the shard were not written`));
    }
    this.#closing = true;
    const flushed = this.#lastByte ? this.#sink.write(this.#lastByte) : Promise.resolve();
    const taken = Promise.all([flushed, this.#sink.close()]).catch(async () => {
      await this.#sent;
      throw this.#error("unknown", "put was answered though its body was not taken to the end");
    });
    await this.#step(Promise.all([this.#sent, taken]));
  }

  async abort(): Promise<void> {
    if (!this.#failure) await this.#giveUp(this.#error("short", "the writer was aborted"));
  }

  /**
   * Waits for `work`, or for the put to fail. If the sink fails, this waits for the put's reason.
   */
  #step(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rejectStep = reject;
      work.then(
        () => resolve(),
        (error: unknown) => {
          if (error instanceof DriveError) this.#fail(error);
        },
      );
    });
  }

  #fail(error: unknown): void {
    const failure = error instanceof DriveError ? error : this.#error("unknown", "put failed", error);
    void this.#giveUp(failure);
  }

  async #giveUp(failure: DriveError): Promise<DriveError> {
    this.#failure ??= failure;
    this.#rejectStep?.(this.#failure);
    this.#sending.abort();
    await this.#sink.abort(this.#failure).catch(() => {});
    return this.#failure;
  }

  #error(fault: DriveError["fault"], message: string, cause?: unknown): DriveError {
    return new DriveError(this.#drive, fault, message, { cause });
  }
}

function pulled(sizeBytes: number) {
  const sink = new PulledStream(sizeBytes);
  return { readable: sink.readable, sink };
}

function fixedLength(sizeBytes: number) {
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  const sink = writable.getWriter();
  // The sink only reports that the stream broke; `send` has the reason.
  sink.closed.catch(() => {});
  return { readable, sink };
}
