import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { decodedSizeMaxBytes, trailersMax } from "./limits.ts";
import type { PayloadMode } from "./payload.ts";

/** What the head of a request says of the form of its body. */
export type BodyFraming = { readonly kind: "whole" } | AwsChunkedFraming;

/** The body is aws-chunked. */
export interface AwsChunkedFraming {
  readonly kind: "aws-chunked";
  /** Each chunk carries a signature, and the trailers too. */
  readonly signed: boolean;
  /** Trailers may follow the last chunk. */
  readonly hasTrailers: boolean;
  /** x-amz-decoded-content-length: what all chunks together hold. */
  readonly decodedSizeBytes: number;
  /** x-amz-trailer in lower case: names of checksums, each to follow the last chunk. */
  readonly trailerNames: readonly string[];
}

const checksumName = /^x-amz-checksum-[a-z0-9]{1,32}$/;

/**
 * Reads the headers that describe the framing of the body. Whether a checksum named as a trailer is a known one, and
 * whether the operation takes a streamed body, is for the caller to judge.
 */
export function parseBodyFraming(headers: ReadonlyMap<string, string>, payload: PayloadMode): Checked<BodyFraming> {
  switch (payload.kind) {
    case "unsigned":
      // Taken as it is, the framing would become part of the object.
      if (namesAwsChunked(headers.get("content-encoding") ?? "")) return refused({ kind: "chunkedWithoutMode" });
      return { ok: true, value: { kind: "whole" } };
    case "hash":
      return { ok: true, value: { kind: "whole" } };
    case "streaming-signed":
      return parseChunked(headers, { signed: true, hasTrailers: false });
    case "streaming-signed-trailer":
      return parseChunked(headers, { signed: true, hasTrailers: true });
    case "streaming-unsigned-trailer":
      return parseChunked(headers, { signed: false, hasTrailers: true });
  }
}

function namesAwsChunked(contentEncoding: string): boolean {
  return contentEncoding.split(",").some((coding) => coding.trim().toLowerCase() === "aws-chunked");
}

function parseChunked(
  headers: ReadonlyMap<string, string>,
  form: { signed: boolean; hasTrailers: boolean },
): Checked<AwsChunkedFraming> {
  const lengthText = headers.get("x-amz-decoded-content-length") ?? "";
  if (!/^\d{1,15}$/.test(lengthText)) return refused({ kind: "missingDecodedLength" });
  const decodedSizeBytes = Number(lengthText);
  if (decodedSizeBytes > decodedSizeMaxBytes) {
    return refused({ kind: "decodedLengthTooLarge", sizeBytes: decodedSizeBytes, sizeMaxBytes: decodedSizeMaxBytes });
  }
  const announced = headers.get("x-amz-trailer") ?? "";
  const trailerNames = announced
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const good =
    trailerNames.every((name) => checksumName.test(name)) &&
    new Set(trailerNames).size === trailerNames.length &&
    trailerNames.length <= trailersMax;
  if (!good) return refused({ kind: "unsupportedTrailer", value: announced });
  // A checksum that was promised and never comes must not pass for a body without one.
  if (!form.hasTrailers && trailerNames.length > 0) {
    return refused({ kind: "malformedTrailer", detail: "announced for a payload that has none" });
  }
  return { ok: true, value: { kind: "aws-chunked", ...form, decodedSizeBytes, trailerNames } };
}
