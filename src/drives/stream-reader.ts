import { DriveError, type ShardReader } from "./drive.ts";

export interface StreamedBody {
  /** Name of the drive, for errors. */
  drive: string;
  /** Null if the drive sent no body, which is right only for an empty range. */
  stream: ReadableStream<Uint8Array> | null;
  /** Length of the stream according to the drive. */
  lengthBytes: number;
}

/**
 * Reads a shard from a byte stream: in workerd one call into the runtime per frame, without a
 * further copy.
 */
export function streamReader(body: StreamedBody): ShardReader {
  return new StreamReader(body);
}

/** Fills exactly one view; the result is shorter if the stream ended. */
type Fill = (view: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

class StreamReader implements ShardReader {
  readonly #drive: string;
  readonly #fill: Fill;
  readonly #stop: () => Promise<void>;
  #leftBytes: number;

  constructor(body: StreamedBody) {
    this.#drive = body.drive;
    this.#leftBytes = body.lengthBytes;
    const source = body.stream ? openStream(body.stream) : { fill: nothing, stop: async () => {} };
    this.#fill = source.fill;
    this.#stop = source.stop;
  }

  async read(length: number, spare?: ArrayBufferLike): Promise<Uint8Array> {
    if (length > this.#leftBytes) {
      await this.cancel();
      throw new DriveError(this.#drive, "short", `read of ${length} bytes where ${this.#leftBytes} are left`);
    }
    if (length === 0) return new Uint8Array(0);
    let bytes: Uint8Array;
    try {
      bytes = await this.#fill(viewOf(length, spare));
    } catch (cause) {
      throw new DriveError(this.#drive, "unreachable", "the shard's bytes stopped coming", { cause });
    }
    if (bytes.length !== length) {
      await this.cancel();
      throw new DriveError(this.#drive, "short", "the shard's bytes ended before the length that the drive gave");
    }
    this.#leftBytes -= length;
    return bytes;
  }

  async cancel(): Promise<void> {
    await this.#stop();
  }
}

/** Uses the memory of `spare` if a stream can take it over and it is large enough. */
function viewOf(length: number, spare: ArrayBufferLike | undefined): Uint8Array<ArrayBuffer> {
  const isUsable = spare instanceof ArrayBuffer && spare.byteLength >= length;
  return isUsable ? new Uint8Array(spare, 0, length) : new Uint8Array(length);
}

const nothing: Fill = async () => new Uint8Array(0);

function openStream(stream: ReadableStream<Uint8Array>): { fill: Fill; stop(): Promise<void> } {
  // Not in the Streams standard: workerd has it, Node does not.
  const isWorkerd = "readAtLeast" in ReadableStreamBYOBReader.prototype;
  if (!isWorkerd) return openChunks(stream.getReader());
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    // Not a byte stream, such as one made in JavaScript.
    return openChunks(stream.getReader());
  }
  return {
    fill: async (view) => (await reader.readAtLeast(view.length, view)).value ?? new Uint8Array(0),
    stop: () => reader.cancel().catch(() => {}),
  };
}

function openChunks(reader: ReadableStreamDefaultReader<Uint8Array>): { fill: Fill; stop(): Promise<void> } {
  let rest = new Uint8Array(0) as Uint8Array;
  return {
    fill: async (view) => {
      let filled = 0;
      while (filled < view.length) {
        if (rest.length === 0) {
          const { done, value } = await reader.read();
          if (done) return view.subarray(0, filled);
          rest = value;
        }
        const piece = rest.subarray(0, view.length - filled);
        view.set(piece, filled);
        filled += piece.length;
        rest = rest.subarray(piece.length);
      }
      return view;
    },
    stop: () => reader.cancel().catch(() => {}),
  };
}
