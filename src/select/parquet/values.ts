import type { ParquetParsers } from "hyparquet";
import { SelectFailure } from "../failure.ts";
import { TIMESTAMP_MS_MAX, TIMESTAMP_MS_MIN, Timestamp } from "../timestamp.ts";
import { fromBig, type Value } from "../value.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const DAY_MS = 86_400_000;

/** How Parquet's types become values of the dialect. Throws UnsupportedParquetType. */
export const valueParsers: ParquetParsers = {
  timestampFromMilliseconds: (ms) => needed(instant(Number(ms))),
  timestampFromMicroseconds: (micros) => needed(instant(Number(micros / 1_000n))),
  timestampFromNanoseconds: (nanos) => needed(instant(Number(nanos / 1_000_000n))),
  dateFromDays: (days) => needed(instant(days * DAY_MS, "day")),
  stringFromBytes: (bytes) => bytes && decoder.decode(bytes),
  jsonFromBytes: (bytes) => bytes && decoder.decode(bytes),
  geometryFromBytes: unsupported,
  geographyFromBytes: unsupported,
  uuidFromBytes: (bytes) => bytes && uuidText(bytes),
};

/** The same for statistics: what is beyond the dialect is not known. */
export const statisticsParsers: ParquetParsers = {
  ...valueParsers,
  timestampFromMilliseconds: (ms) => instant(Number(ms)),
  timestampFromMicroseconds: (micros) => instant(Number(micros / 1_000n)),
  timestampFromNanoseconds: (nanos) => instant(Number(nanos / 1_000_000n)),
  dateFromDays: (days) => instant(days * DAY_MS, "day"),
};

/** Undefined beyond the years of Ion. */
function instant(ms: number, precision: "day" | "fraction" = "fraction"): Timestamp | undefined {
  if (!(ms >= TIMESTAMP_MS_MIN && ms <= TIMESTAMP_MS_MAX)) return undefined;
  return new Timestamp(ms, precision, precision === "day" ? null : 0);
}

function needed(timestamp: Timestamp | undefined): Timestamp {
  if (timestamp !== undefined) return timestamp;
  throw new SelectFailure("UnsupportedParquetType", "A timestamp beyond the years 1 to 9999.");
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
