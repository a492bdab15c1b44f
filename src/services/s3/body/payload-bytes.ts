import { AwsChunkedDecoder } from "../../../auth/sigv4/aws-chunked-decoder.ts";
import { type AwsChunkedFraming, parseBodyFraming } from "../../../auth/sigv4/body-framing.ts";
import { decodedSizeMaxBytes } from "../../../auth/sigv4/limits.ts";
import { S3Error } from "../errors/error.ts";
import { signatureError } from "../gate/signature-error.ts";
import type { Payload } from "../handler.ts";
import { nextPiece, type PayloadBytes } from "./payload-pieces.ts";

/**
 * The bytes of `payload`, before anything of it is read (of a form: of its file). Throws
 * MissingContentLength or NotImplemented if their number is not declared, EntityTooLarge if it is
 * over 5 GiB, and errors about the headers of aws-chunked.
 */
export function openPayload(payload: Payload, headers: Headers): PayloadBytes {
  if (payload.form !== undefined) return payload.form.file;
  const framing = parseBodyFraming(new Map(headers), payload.mode);
  if (!framing.ok) throw signatureError(framing.failure);
  return framing.value.kind === "whole" ? openWhole(payload, headers) : openChunked(payload, framing.value);
}

const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

function openWhole({ pieces, contentLengthBytes: sizeBytes }: Payload, headers: Headers): PayloadBytes {
  if (sizeBytes === null) throw withoutLength(pieces);
  checkSize(sizeBytes);
  // A body without its promised trailer must not pass for a body that never promised one.
  if (headers.has("x-amz-trailer")) {
    throw new S3Error("InvalidRequest", "The value specified in the x-amz-trailer header is not supported");
  }
  let receivedBytes = 0;
  return {
    sizeBytes,
    trailers: NO_TRAILERS,
    release: () => pieces?.release(),
    async next() {
      // HTTP ends the body at Content-Length: asking for its end would be one more wait.
      while (receivedBytes < sizeBytes) {
        const piece = pieces === null ? null : await nextPiece(pieces);
        if (piece === null) throw incompleteBody(sizeBytes, receivedBytes);
        receivedBytes += piece.length;
        if (receivedBytes > sizeBytes) throw incompleteBody(sizeBytes, receivedBytes);
        if (piece.length > 0) return piece;
      }
      return null;
    },
  };
}

function openChunked({ pieces, verified }: Payload, framing: AwsChunkedFraming): PayloadBytes {
  checkSize(framing.decodedSizeBytes);
  const decoder = new AwsChunkedDecoder(framing, verified);
  let ready: Uint8Array[] = [];
  let trailers: ReadonlyMap<string, string> | null = null;
  return {
    sizeBytes: framing.decodedSizeBytes,
    release: () => pieces?.release(),
    get trailers() {
      return trailers ?? NO_TRAILERS;
    },
    async next() {
      while (trailers === null) {
        // The decoder's slices share the memory of their piece, so the next piece waits until all
        // are used.
        const slice = ready.shift();
        if (slice !== undefined) return slice;
        const piece = pieces === null ? null : await nextPiece(pieces);
        if (piece !== null) {
          ready = decoder.push(piece);
          if (decoder.failure !== null) throw signatureError(decoder.failure);
        } else {
          const ended = decoder.end();
          if (!ended.ok) throw signatureError(ended.failure);
          trailers = ended.value;
        }
      }
      return null;
    },
  };
}

/**
 * Most bodies without a length came in HTTP's own chunks, which S3 does not accept. A request may
 * also have no body at all.
 */
function withoutLength(pieces: Payload["pieces"]): S3Error {
  if (pieces === null) return new S3Error("MissingContentLength");
  return new S3Error("NotImplemented", undefined, { Header: "Transfer-Encoding" });
}

function checkSize(sizeBytes: number): void {
  if (sizeBytes <= decodedSizeMaxBytes) return;
  throw new S3Error("EntityTooLarge", undefined, {
    ProposedSize: String(sizeBytes),
    MaxSizeAllowed: String(decodedSizeMaxBytes),
  });
}

function incompleteBody(expectedBytes: number, receivedBytes: number): S3Error {
  return new S3Error(
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
    { NumberBytesExpected: String(expectedBytes), NumberBytesProvided: String(receivedBytes) },
  );
}
