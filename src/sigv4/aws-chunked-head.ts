import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { decodedSizeMaxBytes, trailersMax } from "./limits.ts";
import type { PayloadMode } from "./payload.ts";

/** What the head of a request promises of its aws-chunked body. */
export interface AwsChunkedHead {
  /** x-amz-decoded-content-length: what all chunks together hold. */
  readonly decodedSizeBytes: number;
  /** x-amz-trailer in lower case: names of checksums, each to follow the last chunk. */
  readonly trailerNames: readonly string[];
}

const checksumName = /^x-amz-checksum-[a-z0-9]{1,32}$/;

/**
 * Reads the headers that go with a streaming payload. Whether a checksum named as a trailer is a known one is for the
 * caller to judge.
 */
export function parseAwsChunkedHead(
  headers: ReadonlyMap<string, string>,
  payload: PayloadMode,
): Checked<AwsChunkedHead> {
  const lengthText = headers.get("x-amz-decoded-content-length") ?? "";
  if (!/^\d{1,15}$/.test(lengthText)) return refused({ kind: "missingDecodedLength" });
  const decodedSizeBytes = Number(lengthText);
  if (decodedSizeBytes > decodedSizeMaxBytes) {
    return refused({
      kind: "decodedLengthTooLarge",
      sizeBytes: decodedSizeBytes,
      sizeMaxBytes: decodedSizeMaxBytes,
    });
  }
  const announced = headers.get("x-amz-trailer") ?? "";
  const trailerNames = announced
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const known = trailerNames.every((name) => checksumName.test(name)) && trailerNames.length <= trailersMax;
  if (!known || new Set(trailerNames).size !== trailerNames.length) {
    return refused({ kind: "unsupportedTrailer", value: announced });
  }
  // A checksum that was promised and never comes must not pass for a body without one.
  if (payload.kind === "streaming-signed" && trailerNames.length > 0) {
    return refused({ kind: "malformedTrailer", detail: "trailers announced for a payload that has none" });
  }
  return { ok: true, value: { decodedSizeBytes, trailerNames } };
}
