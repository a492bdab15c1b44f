import { DriveError, type ShardWriter } from "./drive.ts";

export interface BufferedPut {
  /** Name of the drive, for errors. */
  drive: string;
  sizeBytes: number;
  /** Stores the whole shard. Rejects with a DriveError. */
  store(bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void>;
}

/** A writer that keeps the shard in memory until `close`: for small shards. */
export function bufferedWriter(put: BufferedPut): ShardWriter {
  return new BufferedWriter(put);
}

class BufferedWriter implements ShardWriter {
  readonly #put: BufferedPut;
  #bytes: Uint8Array<ArrayBuffer> | null = null;
  #filledBytes = 0;
  #failure: DriveError | null = null;
  #storing: AbortController | null = null;

  constructor(put: BufferedPut) {
    this.#put = put;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#filledBytes + bytes.length > this.#put.sizeBytes) {
      throw this.#end("refused", "more bytes were written than the shard has");
    }
    this.#bytes ??= new Uint8Array(this.#put.sizeBytes);
    this.#bytes.set(bytes, this.#filledBytes);
    this.#filledBytes += bytes.length;
  }

  async close(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const missingBytes = this.#put.sizeBytes - this.#filledBytes;
    if (missingBytes > 0) throw this.#end("short", `${missingBytes} bytes of the shard were not written`);
    const bytes = this.#bytes ?? new Uint8Array(0);
    this.#end("refused", "the writer was closed before");
    this.#storing = new AbortController();
    await this.#put.store(bytes, this.#storing.signal);
  }

  async abort(): Promise<void> {
    this.#end("short", "the writer was aborted");
    this.#storing?.abort();
  }

  /** Frees the memory; every later call fails. */
  #end(fault: DriveError["fault"], message: string): DriveError {
    this.#bytes = null;
    this.#failure ??= new DriveError(this.#put.drive, fault, message);
    return this.#failure;
  }
}
