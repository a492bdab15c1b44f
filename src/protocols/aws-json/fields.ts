import { fromBase64 } from "../../base/bytes.ts";
import {
  atLeast,
  atMost,
  checkCount,
  checkNumber,
  checkText,
  constraintProblem,
  lowerFirst,
  missingProblem,
  type Problem,
  type Range,
  type TextRules,
  validationMessage,
} from "../constraints.ts";
import { isObject, type JsonValue } from "./document.ts";
import { serializationException } from "./error.ts";

/**
 * Reads one member, and adds to `problems` which of the model's constraints it breaks. `path` is how messages name it:
 * `tags.1.member.tagKey`. A value of another type throws SerializationException: then nothing else is looked at. `null` is as good as nothing.
 */
export interface Field<T> {
  read(value: JsonValue | undefined, path: string, problems: Problem[]): T;
}

/** The members of an operation's input. */
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Input<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

/** A text, or undefined. */
export function text(rules: TextRules = {}): Field<string | undefined> {
  return {
    read(value, path, problems) {
      if (isAbsent(value)) return undefined;
      if (typeof value !== "string") throw mistyped(value, "a String");
      checkText(value, rules, path, problems);
      return value;
    },
  };
}

/** A whole number, or undefined. */
export function integer(range: Range): Field<number | undefined> {
  return {
    read(value, path, problems) {
      if (isAbsent(value)) return undefined;
      if (typeof value !== "number" || !Number.isSafeInteger(value)) throw mistyped(value, "an Integer");
      checkNumber(value, range, path, problems);
      return value;
    },
  };
}

/** A time as seconds since 1970 with a fraction, read as milliseconds; or undefined. */
export function time(): Field<number | undefined> {
  return {
    read(value) {
      if (isAbsent(value)) return undefined;
      const isTime = typeof value === "number" && Math.abs(value) < 1e12;
      if (!isTime) throw mistyped(value, "a Timestamp");
      return Math.round(value * 1000);
    },
  };
}

/** `true` or `false`, or undefined. */
export function flag(): Field<boolean | undefined> {
  return {
    read(value) {
      if (isAbsent(value)) return undefined;
      if (typeof value !== "boolean") throw mistyped(value, "a Boolean");
      return value;
    },
  };
}

/** Bytes as base64, or undefined. `min` and `max` count bytes. */
export function blob({ min = 0, max }: Partial<Range> & Pick<Range, "max">): Field<Uint8Array | undefined> {
  return {
    read(value, path, problems) {
      if (isAbsent(value)) return undefined;
      if (typeof value !== "string") throw mistyped(value, "a Blob");
      const bytes = fromBase64(value);
      if (bytes === null) throw serializationException("Unable to decode Base64-encoded Blob");
      // The bytes may be a secret.
      if (bytes.length < min) problems.push(constraintProblem("", path, atLeast("length", min)));
      if (bytes.length > max) problems.push(constraintProblem("", path, atMost("length", max)));
      return bytes;
    },
  };
}

/** A member for something that is not built: it is refused by name, so nobody takes it for read. */
export function notBuilt(): Field<undefined> {
  return {
    read(value, path, problems) {
      if (!isAbsent(value))
        problems.push({ message: `The parameter ${path} is not implemented by this server.`, whole: true });
      return undefined;
    },
  };
}

/** A list, or undefined. */
export function list<T>(
  item: Field<T>,
  count: Partial<Range> & Pick<Range, "max">,
): Field<NonNullable<T>[] | undefined> {
  return {
    read(value, path, problems) {
      if (isAbsent(value)) return undefined;
      if (!Array.isArray(value)) throw unexpectedStart(value, "list");
      checkCount(value.length, count, path, problems);
      const items = value.slice(0, count.max).map((one, at) => item.read(one, `${path}.${at + 1}.member`, problems));
      return items.filter((one) => one !== undefined && one !== null) as NonNullable<T>[];
    },
  };
}

/** An object with names of the client's, in the order in which they were sent; or undefined. */
export function map<T>(
  item: Field<T>,
  { key, ...count }: Partial<Range> & Pick<Range, "max"> & { key?: TextRules },
): Field<Map<string, NonNullable<T>> | undefined> {
  return {
    read(value, path, problems) {
      if (isAbsent(value)) return undefined;
      if (!isObject(value)) throw unexpectedStart(value, "map");
      const entries = Object.entries(value);
      checkCount(entries.length, count, path, problems);
      const read = new Map<string, NonNullable<T>>();
      for (const [name, one] of entries.slice(0, count.max)) {
        if (key !== undefined) checkText(name, key, `${path}.key`, problems);
        const found = item.read(one, `${path}.${name}`, problems);
        if (found !== undefined && found !== null) read.set(name, found as NonNullable<T>);
      }
      return read;
    },
  };
}

/** An object with members, or undefined. Unknown members are ignored, as at AWS. */
export function structure<F extends Fields>(fields: F): Field<Input<F> | undefined> {
  return {
    read(value, path, problems) {
      if (isAbsent(value)) return undefined;
      if (!isObject(value)) throw unexpectedStart(value, "structure");
      return readMembers(value, fields, `${path}.`, problems);
    },
  };
}

/** The field, which must be there. */
export function required<T>(field: Field<T>): Field<Exclude<T, undefined>> {
  return {
    read(value, path, problems) {
      const read = field.read(value, path, problems);
      if (read === undefined) problems.push(missingProblem(path));
      return read as Exclude<T, undefined>;
    },
  };
}

export type Read<F extends Fields> =
  | { readonly ok: true; readonly input: Input<F> }
  | {
      readonly ok: false;
      /** AWS's ValidationException's. */
      readonly message: string;
      /** At least one. */
      readonly problems: readonly Problem[];
    };

/** Reads the input of an operation. Throws SerializationException. */
export function readFields<F extends Fields>(root: { readonly [name: string]: JsonValue }, fields: F): Read<F> {
  const problems: Problem[] = [];
  const input = readMembers(root, fields, "", problems);
  if (problems.length === 0) return { ok: true, input };
  return { ok: false, message: validationMessage(problems), problems };
}

function readMembers<F extends Fields>(
  object: { readonly [name: string]: JsonValue },
  fields: F,
  above: string,
  problems: Problem[],
): Input<F> {
  const entries = Object.entries(fields).map(([name, field]) => [
    name,
    field.read(Object.hasOwn(object, name) ? object[name] : undefined, above + lowerFirst(name), problems),
  ]);
  return Object.fromEntries(entries) as Input<F>;
}

function isAbsent(value: JsonValue | undefined): value is undefined | null {
  return value === undefined || value === null;
}

/** In the words of AWS's services, which name the token that they found. */
function mistyped(value: JsonValue, wanted: string) {
  if (typeof value === "object") return serializationException(`Start of ${startOf(value)} found where not expected`);
  const token =
    typeof value === "string"
      ? "STRING_VALUE"
      : typeof value === "number"
        ? Number.isInteger(value)
          ? "NUMBER_VALUE"
          : "DECIMAL_VALUE"
        : `${value}`.toUpperCase().concat("_VALUE");
  return serializationException(`${token} can not be converted to ${wanted}`);
}

function unexpectedStart(value: JsonValue, wanted: "list" | "map" | "structure") {
  if (value !== null && typeof value === "object") return mistyped(value, wanted);
  return serializationException(`Expected ${wanted === "list" ? "list" : "structure or map"} or null`);
}

function startOf(value: JsonValue): string {
  return Array.isArray(value) ? "list" : "structure or map";
}
