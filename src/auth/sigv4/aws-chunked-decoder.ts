import { Buffer } from "node:buffer";
import type { AwsChunkedFraming } from "./body-framing.ts";
import { ChunkSignatures } from "./chunk-signatures.ts";
import type { Checked, SignatureFailure } from "./failures.ts";
import { refused } from "./failures.ts";
import { chunkLineMaxBytes, chunkMinBytes, trailerBlockMaxBytes } from "./limits.ts";
import { canonicalTrailers, parseTrailers } from "./trailers.ts";
import type { VerifiedSignature } from "./verify-signature.ts";

type State =
  /** In the line that announces a chunk. */
  | "line"
  /** In the data of a chunk. */
  | "data"
  /** In the CRLF after the data. */
  | "data-end"
  /** After the line of the last chunk, which has no data. */
  | "trailers"
  | "failed";

const lineFeed = 0x0a;
const signedLine = /^([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})\r\n$/;
const unsignedLine = /^([0-9a-fA-F]{1,16})(?:;[^\r\n]*)?\r\n$/;
const nothing = new Uint8Array(0);

/**
 * Undoes aws-chunked (`<size in hex>[;chunk-signature=<hex>]\r\n<data>\r\n …`, a chunk of size 0, then trailers) while
 * the body streams through, and verifies the chunk signatures on the way.
 *
 * Data is handed out before the signature over it is known, as slices of what was pushed, without a copy. So nothing
 * may be committed before `end` has said yes. Never hands out more than x-amz-decoded-content-length. Holds at most
 * `trailerBlockMaxBytes` of its own. After the first failure it takes in everything and hands out nothing; `failure`
 * tells early, `end` for certain.
 */
export class AwsChunkedDecoder {
  readonly #framing: AwsChunkedFraming;
  readonly #signatures: ChunkSignatures | null;
  #state: State = "line";
  #failure: SignatureFailure | null = null;
  /** The beginning of a line, of a CRLF or of the trailers that earlier pushes have brought. */
  #pending: Uint8Array = nothing;
  #chunk = 0;
  #chunkSizeBytes = 0;
  #chunkSignature = "";
  #chunkLeftBytes = 0;
  #decodedBytes = 0;

  /** `verified` is what `verifySignature` returned; null if the request is anonymous. */
  constructor(framing: AwsChunkedFraming, verified: VerifiedSignature | null) {
    this.#framing = framing;
    if (framing.signed && verified === null) throw new Error("signed chunks need a verified signature");
    this.#signatures = framing.signed && verified !== null ? new ChunkSignatures(verified) : null;
  }

  /** The first thing that went wrong so far. */
  get failure(): SignatureFailure | null {
    return this.#failure;
  }

  /** Takes the next bytes of the body, cut anywhere, and returns the data in them, in order. */
  push(bytes: Uint8Array): Uint8Array[] {
    const data: Uint8Array[] = [];
    let rest = bytes;
    while (rest.length > 0 && this.#state !== "failed") {
      if (this.#state === "data") rest = this.#takeData(rest, data);
      else if (this.#state === "line") rest = this.#takeLine(rest);
      else if (this.#state === "data-end") rest = this.#takeDataEnd(rest);
      else rest = this.#takeTrailers(rest);
    }
    return data;
  }

  /** To be called once the body has ended: the trailers (lower-case names), or what was wrong. */
  end(): Checked<ReadonlyMap<string, string>> {
    if (this.#state !== "trailers" && this.#state !== "failed") this.#fail(broken("the body ends inside the chunks"));
    if (this.#failure !== null) return refused(this.#failure);
    const block = Buffer.from(this.#pending).toString("latin1");
    if (!this.#framing.hasTrailers) {
      return block === "\r\n" ? { ok: true, value: new Map() } : refused(broken("after the last chunk"));
    }
    const parsed = parseTrailers(block, { announced: this.#framing.trailerNames, signed: this.#signatures !== null });
    if (!parsed.ok) return parsed;
    const { trailers, signature } = parsed.value;
    const mismatch = this.#signatures?.checkTrailers(canonicalTrailers(trailers), signature ?? "") ?? null;
    return mismatch === null ? { ok: true, value: trailers } : refused(mismatch);
  }

  #takeData(bytes: Uint8Array, data: Uint8Array[]): Uint8Array {
    const slice = bytes.length <= this.#chunkLeftBytes ? bytes : bytes.subarray(0, this.#chunkLeftBytes);
    this.#signatures?.update(slice);
    data.push(slice);
    this.#chunkLeftBytes -= slice.length;
    this.#decodedBytes += slice.length;
    if (this.#chunkLeftBytes > 0) return nothing;
    this.#state = "data-end";
    this.#endChunk();
    return bytes.subarray(slice.length);
  }

  #takeLine(bytes: Uint8Array): Uint8Array {
    const at = bytes.subarray(0, chunkLineMaxBytes).indexOf(lineFeed);
    const taken = at < 0 ? bytes.length : at + 1;
    if (this.#pending.length + taken > chunkLineMaxBytes) return this.#fail(broken("a chunk line without end"));
    const line = this.#withPending(bytes.subarray(0, taken));
    if (at < 0) return nothing;
    this.#pending = nothing;
    this.#beginChunk(Buffer.from(line).toString("latin1"));
    return bytes.subarray(taken);
  }

  #takeDataEnd(bytes: Uint8Array): Uint8Array {
    const taken = Math.min(2 - this.#pending.length, bytes.length);
    const found = this.#withPending(bytes.subarray(0, taken));
    if (found[0] !== 0x0d || (found.length === 2 && found[1] !== lineFeed)) {
      return this.#fail(broken("no CRLF after the data of a chunk"));
    }
    if (found.length === 2) {
      this.#pending = nothing;
      this.#state = "line";
    }
    return bytes.subarray(taken);
  }

  #takeTrailers(bytes: Uint8Array): Uint8Array {
    const limit = this.#framing.hasTrailers ? trailerBlockMaxBytes : 2;
    if (this.#pending.length + bytes.length > limit) return this.#fail(broken("too much after the last chunk"));
    this.#withPending(bytes);
    return nothing;
  }

  /** Keeps `bytes` behind what is pending, in a copy: the pushed array belongs to the caller. */
  #withPending(bytes: Uint8Array): Uint8Array {
    const joined = new Uint8Array(this.#pending.length + bytes.length);
    joined.set(this.#pending);
    joined.set(bytes, this.#pending.length);
    this.#pending = joined;
    return joined;
  }

  #beginChunk(line: string): void {
    const parts = (this.#signatures === null ? unsignedLine : signedLine).exec(line);
    if (parts === null) {
      this.#fail(broken("a chunk line"));
      return;
    }
    const sizeBytes = Number.parseInt(parts[1] as string, 16);
    this.#chunk += 1;
    if (sizeBytes > 0 && this.#chunk > 1 && this.#chunkSizeBytes < chunkMinBytes) {
      this.#fail({ kind: "chunkTooSmall", chunk: this.#chunk, sizeBytes: this.#chunkSizeBytes });
      return;
    }
    const providedBytes = this.#decodedBytes + sizeBytes;
    const expectedBytes = this.#framing.decodedSizeBytes;
    if (providedBytes > expectedBytes || (sizeBytes === 0 && providedBytes < expectedBytes)) {
      this.#fail({ kind: "decodedLengthMismatch", expectedBytes, providedBytes });
      return;
    }
    this.#chunkSizeBytes = sizeBytes;
    this.#chunkLeftBytes = sizeBytes;
    this.#chunkSignature = parts[2] ?? "";
    this.#state = sizeBytes === 0 ? "trailers" : "data";
    if (sizeBytes === 0) this.#endChunk();
  }

  #endChunk(): void {
    const mismatch = this.#signatures?.endChunk(this.#chunkSignature) ?? null;
    if (mismatch !== null) this.#fail(mismatch);
  }

  #fail(failure: SignatureFailure): Uint8Array {
    this.#failure ??= failure;
    this.#state = "failed";
    this.#pending = nothing;
    return nothing;
  }
}

function broken(detail: string): SignatureFailure {
  return { kind: "malformedChunkedBody", detail };
}
