import { quoteText } from "../metadata/query/quote.ts";
import { QueryRefused } from "./failure.ts";

export type ParameterValue = string | number | boolean | null;
/** A list for `?` and `?1`, or by name for `:name`, `@name` and `$name`. */
export type Parameters = readonly ParameterValue[] | Readonly<Record<string, ParameterValue>>;

const PARAMETERS_MAX = 100;

/** What is of JSON's own types, not too many, and text. Throws `QueryRefused`. */
export function checkParameters(value: unknown): Parameters {
  const isObject = typeof value === "object" && value !== null;
  const all: unknown[] = isObject ? Object.values(value) : [];
  if (!isObject || !all.every(isValue)) {
    throw new QueryRefused(
      "InvalidQuery",
      "parameters must be a list or an object of texts, numbers, booleans and nulls",
    );
  }
  if (all.length > PARAMETERS_MAX) throw new QueryRefused("LimitExceeded", `more than ${PARAMETERS_MAX} parameters`);
  return value as Parameters;
}

function isValue(value: unknown): value is ParameterValue {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\u0000");
  return value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

/** Values for the parameters of one query. */
export class ParameterReader {
  readonly #parameters: Parameters;
  readonly #markers: ReadonlyMap<number, number>;

  /** `markers`: see `ParsedQuery`. */
  constructor(parameters: Parameters, markers: ReadonlyMap<number, number>) {
    this.#parameters = parameters;
    this.#markers = markers;
  }

  /** The value of `?`, `?3`, `:name`, which stands at `offset` in the text. Throws `QueryRefused`. */
  value(name: string, offset: number): ParameterValue {
    const found = this.#find(name, offset);
    if (found === undefined) throw new QueryRefused("InvalidQuery", `there is no value for the parameter ${name}`);
    return found;
  }

  #find(name: string, offset: number): ParameterValue | undefined {
    const all = this.#parameters;
    if (name.startsWith("?")) {
      if (!isList(all)) return undefined;
      return all[name === "?" ? (this.#markers.get(offset) ?? -1) : Number(name.slice(1)) - 1];
    }
    const plain = name.slice(1);
    return isList(all) || !Object.hasOwn(all, plain) ? undefined : all[plain];
  }
}

function isList(parameters: Parameters): parameters is readonly ParameterValue[] {
  return Array.isArray(parameters);
}

/** SQL of a value. */
export function literal(value: ParameterValue): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return quoteText(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  return Number.isSafeInteger(value) ? String(value) : value.toExponential();
}
