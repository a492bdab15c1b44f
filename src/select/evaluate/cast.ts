import { SelectFailure } from "../failure.ts";
import type { CastType } from "../sql/ast.ts";
import { parseTimestamp, Timestamp } from "../timestamp.ts";
import { booleanOf, fromBig, integerOf, isNumber, numberOf, SCALAR_MAX_LENGTH, textOf, type Value } from "../value.ts";

/** CAST: NULL and MISSING stay what they are. Throws CastFailed, InvalidCast for types that have nothing in common. */
export function castValue(value: Value, type: CastType): Value {
  if (value === null || value === undefined) return value;
  const cast = CASTS[type](value);
  if (cast !== undefined) return cast;
  throw new SelectFailure(typeof value === "string" ? "CastFailed" : "InvalidCast", `To ${type}.`);
}

/** Each returns undefined if the value cannot become the type. */
const CASTS: Readonly<Record<CastType, (value: Value) => Value>> = {
  BOOL: (value) => {
    if (typeof value === "boolean") return value;
    if (typeof value === "string") return booleanOf(value);
    return isNumber(value) ? Number(value) !== 0 : undefined;
  },
  INT: (value) => {
    if (typeof value === "string") return integerOf(value);
    if (typeof value === "boolean") return Number(value);
    if (typeof value === "bigint") return value;
    return typeof value === "number" ? whole(value) : undefined;
  },
  FLOAT: asNumber,
  DECIMAL: asNumber,
  STRING: (value) => textOf(value) ?? undefined,
  TIMESTAMP: (value) => {
    if (value instanceof Timestamp) return value;
    if (typeof value !== "string" || value.length > SCALAR_MAX_LENGTH) return undefined;
    return parseTimestamp(value.trim()) ?? undefined;
  },
};

function asNumber(value: Value): Value {
  if (typeof value === "string") {
    const number = numberOf(value);
    return number === undefined ? undefined : Number(number);
  }
  if (typeof value === "boolean") return Number(value);
  return isNumber(value) ? Number(value) : undefined;
}

/** Without its fraction, as Java and C cast. */
function whole(value: number): number | bigint | undefined {
  if (!Number.isFinite(value)) return undefined;
  const cut = Math.trunc(value);
  return Number.isSafeInteger(cut) ? cut : fromBig(BigInt(cut));
}
