import { SelectFailure } from "./failure.ts";
import { Timestamp } from "./timestamp.ts";

/**
 * A value of the dialect. `undefined` is MISSING. Integers beyond 2^53 are bigints, never smaller ones. Lists and structs come from JSON
 * and Parquet.
 */
export type Value = undefined | null | boolean | number | bigint | string | Timestamp | readonly Value[] | Struct;
export type Struct = { readonly [name: string]: Value };

/** Longest text that an expression may make; a record is no longer either. */
export const TEXT_MAX_LENGTH = 1024 * 1024;

/** Longer texts are no numbers, booleans or timestamps, whatever blanks surround them. */
export const SCALAR_MAX_LENGTH = 400;

const NUMERIC = /^[ \t]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t]*$/;
const INTEGER = /^[ \t]*[+-]?\d+[ \t]*$/;
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** The number that a text is, or undefined. */
export function numberOf(text: string): number | bigint | undefined {
  if (text.length > SCALAR_MAX_LENGTH || !NUMERIC.test(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) || !INTEGER.test(text)) return value;
  const exact = BigInt(text.trim().replace(/^\+/, ""));
  return exact > INT_MAX || exact < INT_MIN ? value : exact;
}

/** The integer that a text is, or undefined. Throws IntegerOverflow beyond 64 bits. */
export function integerOf(text: string): number | bigint | undefined {
  return text.length <= SCALAR_MAX_LENGTH && INTEGER.test(text)
    ? fromBig(BigInt(text.trim().replace(/^\+/, "")))
    : undefined;
}

/** The smallest form of an integer. Throws IntegerOverflow beyond 64 bits. */
export function fromBig(value: bigint): number | bigint {
  const small = Number(value);
  if (Number.isSafeInteger(small)) return small;
  if (value > INT_MAX || value < INT_MIN) throw new SelectFailure("IntegerOverflow");
  return value;
}

export function isNumber(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** Negative, 0 or positive; null if the two cannot be compared. `coerces`: a text is compared to a number as the number that it is. */
export function compareValues(left: Value, right: Value, coerces: boolean): number | null {
  if (left === null || left === undefined || right === null || right === undefined) return null;
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  if (isNumber(left) && isNumber(right)) {
    // NaN is neither.
    return left < right ? -1 : left > right ? 1 : Number.isNaN(left) || Number.isNaN(right) ? null : 0;
  }
  if (left instanceof Timestamp && right instanceof Timestamp) return left.ms - right.ms;
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (!coerces) return null;
  const one = coerced(left, right);
  const other = coerced(right, left);
  return one === undefined || other === undefined ? null : compareValues(one, other, false);
}

/** `value` as the type of `beside`, if it is a text that can be that. */
function coerced(value: Value, beside: Value): Value {
  if (typeof value !== "string") return value;
  if (isNumber(beside)) return numberOf(value);
  if (typeof beside === "boolean") return booleanOf(value);
  return undefined;
}

export function booleanOf(text: string): boolean | undefined {
  if (text.length > SCALAR_MAX_LENGTH) return undefined;
  const lower = text.trim().toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

/** By code points, as their UTF-8 bytes are ordered; JavaScript alone would order by UTF-16. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const one = left.charCodeAt(at);
    const other = right.charCodeAt(at);
    if (one !== other) return isSurrogate(one) === isSurrogate(other) ? one - other : isSurrogate(one) ? 1 : -1;
  }
  return left.length - right.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Length of a text; 0 for what is none. */
export function textLength(value: Value): number {
  return typeof value === "string" ? value.length : 0;
}

/** A scalar as text: what CAST to STRING and CSV output print. Null for NULL and MISSING, undefined for lists and structs. */
export function textOf(value: Value): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "object" && !(value instanceof Timestamp)) return undefined;
  return String(value);
}
