import type { BodyPieces } from "../../../base/body-pieces.ts";
import { ByteBudget } from "../../../base/byte-budget.ts";
import { concat } from "../../../base/bytes.ts";
import type { Exchange } from "../../../edge/service.ts";
import { encodeKey } from "../address/encode-key.ts";
import { dispatch } from "../dispatch.ts";
import { S3Error } from "../errors/error.ts";
import { toS3Error } from "../errors/render-error.ts";
import type { S3Parts } from "../parts.ts";

interface Place {
  readonly bucket: string;
  readonly key: string;
  /** The account that must own the bucket; undefined: any. */
  readonly expectedOwner?: string | undefined;
}

/**
 * Objects for the caller of a request to another service. Reads and writes are that caller's own
 * GetObject and PutObject: with its permissions, the bucket's encryption and rules, and event
 * messages. Throws `S3Error`.
 */
export class CallersObjects {
  readonly #parts: Parameters<typeof dispatch>[1];

  constructor(parts: S3Parts) {
    // There is no S3 Select here.
    this.#parts = { ...parts, selectMemory: new ByteBudget(0) };
  }

  async put(
    exchange: Exchange,
    { contentType, bytes, ...place }: Place & { contentType: string; bytes: Uint8Array },
  ): Promise<void> {
    const headers = { "content-type": contentType, "content-length": String(bytes.length) };
    await this.#dispatch(exchange, { place, method: "PUT", headers, pieces: onePiece(bytes) });
  }

  async get(exchange: Exchange, place: Place, bytesMax: number): Promise<Uint8Array> {
    const { body } = await this.#dispatch(exchange, { place, method: "GET", headers: {}, pieces: null });
    if (body === undefined || body === null) return new Uint8Array(0);
    if (typeof body === "string") return new TextEncoder().encode(body);
    if (body instanceof Uint8Array) return body;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for (let piece = await body.next(); piece !== null; piece = await body.next()) {
      bytes += piece.length;
      if (bytes > bytesMax) {
        await body.cancel();
        throw new S3Error("EntityTooLarge");
      }
      parts.push(piece.slice());
    }
    return concat(parts);
  }

  async #dispatch(
    exchange: Exchange,
    {
      place,
      method,
      headers,
      pieces,
    }: { place: Place; method: string; headers: Record<string, string>; pieces: BodyPieces | null },
  ) {
    const rawPath = `/${place.bucket}/${encodeKey(place.key)}`;
    const request = new Request(`http://localhost${rawPath}`, { method, headers });
    if (place.expectedOwner !== undefined) request.headers.set("x-amz-expected-bucket-owner", place.expectedOwner);
    const signature = { ...exchange.signature, mode: { kind: "unsigned" as const }, verified: null };
    const url = { hostname: "localhost", rawPath, rawQuery: "" };
    try {
      return await dispatch({ ...exchange, request, url, pieces, signature, body: null }, this.#parts);
    } catch (error) {
      throw toS3Error(error, method);
    }
  }
}

function onePiece(bytes: Uint8Array): BodyPieces {
  let isLeft = true;
  return {
    async next() {
      if (!isLeft) return null;
      isLeft = false;
      return bytes;
    },
    release() {},
  };
}
