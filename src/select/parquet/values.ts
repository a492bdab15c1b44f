import type { ParquetParsers } from "hyparquet";
import { SelectFailure } from "../failure.ts";
import { Timestamp } from "../timestamp.ts";
import { fromBig, type Value } from "../value.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const DAY_MS = 86_400_000;

/** How Parquet's types become values of the dialect. */
export const valueParsers: ParquetParsers = {
  timestampFromMilliseconds: (ms) => instant(Number(ms)),
  timestampFromMicroseconds: (micros) => instant(Number(micros / 1_000n)),
  timestampFromNanoseconds: (nanos) => instant(Number(nanos / 1_000_000n)),
  dateFromDays: (days) => new Timestamp(days * DAY_MS, "day", null),
  stringFromBytes: (bytes) => bytes && decoder.decode(bytes),
  jsonFromBytes: (bytes) => bytes && decoder.decode(bytes),
  geometryFromBytes: unsupported,
  geographyFromBytes: unsupported,
  uuidFromBytes: (bytes) => bytes && uuidText(bytes),
};

function instant(ms: number): Timestamp {
  return new Timestamp(ms, "fraction", 0);
}

function unsupported(): never {
  throw new SelectFailure("UnsupportedParquetType");
}

function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A decoded value as one of the dialect. Throws UnsupportedParquetType for bytes that are no text. */
export function dialectValue(decoded: unknown): Value {
  if (typeof decoded === "bigint") return fromBig(BigInt.asIntN(64, decoded) === decoded ? decoded : overflow(decoded));
  if (decoded instanceof Uint8Array) throw new SelectFailure("UnsupportedParquetType");
  return (decoded ?? null) as Value;
}

/** An unsigned integer beyond 63 bits. */
function overflow(value: bigint): never {
  throw new SelectFailure("IntegerOverflow", value > 0n ? "An unsigned integer of 64 bits." : undefined);
}
