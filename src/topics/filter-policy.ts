import { bitsOf, type IpAddress, type IpRange, parseIpAddress } from "../base/ip-address.ts";

/** A condition on one value. */
type FilterRule =
  | { readonly kind: "equals"; readonly value: string | number | boolean | null }
  | { readonly kind: "prefix" | "suffix"; readonly text: string }
  | { readonly kind: "equalsIgnoreCase"; readonly text: string }
  | { readonly kind: "anythingBut"; readonly values: readonly (string | number)[] }
  | { readonly kind: "anythingButPrefix"; readonly texts: readonly string[] }
  | { readonly kind: "numeric"; readonly bounds: readonly { readonly operator: string; readonly value: number }[] }
  | { readonly kind: "exists"; readonly value: boolean }
  | { readonly kind: "cidr"; readonly range: IpRange };

/** The rules of one key, of which one must match, sorted so that the values of a list cost one look-up. */
export interface KeyRules {
  /** Values that must be the same. Numbers are in `numbers`. */
  readonly same: ReadonlySet<unknown>;
  /** As `roundNumber` has them. */
  readonly numbers: ReadonlySet<number>;
  /** Lower case. */
  readonly sameIgnoringCase: ReadonlySet<string>;
  readonly exists: readonly boolean[];
  readonly others: readonly OtherRule[];
  /** Values in the policy. */
  readonly count: number;
}

/** Rules that are tried one by one. */
export type OtherRule =
  | Extract<FilterRule, { kind: "prefix" | "suffix" | "anythingButPrefix" | "numeric" | "cidr" }>
  | { readonly kind: "anythingBut"; readonly texts: ReadonlySet<unknown>; readonly numbers: ReadonlySet<number> };

/** All keys must match, and of each `$or` one alternative. */
export interface Filter {
  readonly keys: ReadonlyMap<string, KeyRules | Filter>;
  readonly alternatives: readonly (readonly Filter[])[];
}

export type FilterScope = "MessageAttributes" | "MessageBody";

/** "Filter policy constraints in Amazon SNS" in the SNS Developer Guide. */
const limits = { bytes: 262_144, keys: 5, combinations: 150, number: 1_000_000_000, depth: 20 } as const;

/** Names that operators have: objects of an `$or` may not have keys that are called so. */
const OPERATORS = new Set(["prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists", "cidr"]);

/** Why a filter policy is not taken, in words for a client. */
export class FilterPolicyProblem extends Error {}

/**
 * Reads a filter policy. Throws `FilterPolicyProblem`.
 *
 * Follows "Amazon SNS subscription filter policies" in the SNS Developer Guide.
 */
export function parseFilterPolicy(text: string, scope: FilterScope): Filter {
  if (new TextEncoder().encode(text).length > limits.bytes) throw new FilterPolicyProblem("Filter policy is too long");
  const filter = readFilterPolicy(text, scope);
  if (filter.keys.size + filter.alternatives.length === 0) return filter;
  const { keys, combinations } = weigh(filter, 1);
  if (keys > limits.keys) throw new FilterPolicyProblem(`Filter policy can not have more than ${limits.keys} keys`);
  if (combinations > limits.combinations) throw new FilterPolicyProblem("Filter policy is too complex");
  return filter;
}

/** The same for one that was checked when it was put, perhaps by other limits. */
export function readFilterPolicy(text: string, scope: FilterScope): Filter {
  return readFilter(parseObject(text), { scope, depth: 1 });
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new FilterPolicyProblem("failed to parse JSON.");
  }
  if (isObject(document)) return document;
  throw new FilterPolicyProblem("Filter policy must be a JSON object");
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Reading {
  readonly scope: FilterScope;
  readonly depth: number;
}

function readFilter(document: JsonObject, reading: Reading): Filter {
  if (reading.depth > limits.depth) throw new FilterPolicyProblem("Filter policy is nested too deeply");
  const keys = new Map<string, KeyRules | Filter>();
  const alternatives: (readonly Filter[])[] = [];
  for (const [key, value] of Object.entries(document)) {
    if (key === "$or" && isAlternatives(value)) alternatives.push(value.map((one) => readFilter(one, reading)));
    else keys.set(key, readKey(key, value, reading));
  }
  return { keys, alternatives };
}

/** `$or` is an operator only if it has two objects at least, none of them with a key that is called like an operator. */
function isAlternatives(value: unknown): value is readonly JsonObject[] {
  if (!Array.isArray(value) || value.length < 2) return false;
  return value.every((one) => isObject(one) && !Object.keys(one).some((key) => OPERATORS.has(key)));
}

function readKey(key: string, value: unknown, { scope, depth }: Reading): KeyRules | Filter {
  if (Array.isArray(value)) {
    if (value.length === 0) throw new FilterPolicyProblem("Empty arrays are not allowed");
    return sortRules(value.map(readRule));
  }
  if (!isObject(value)) throw new FilterPolicyProblem(`"${key.slice(0, 256)}" must be an object or an array`);
  if (scope === "MessageAttributes") {
    throw new FilterPolicyProblem("Filter policy scope MessageAttributes does not support nested filter policy");
  }
  if (Object.keys(value).length === 0) throw new FilterPolicyProblem("Empty objects are not allowed");
  return readFilter(value, { scope, depth: depth + 1 });
}

/** Numbers are compared to five digits after the point. */
export function roundNumber(value: number): number {
  return Math.round(value * 1e5);
}

function sortRules(rules: readonly FilterRule[]): KeyRules {
  const sorted = {
    ...{ same: new Set<unknown>(), numbers: new Set<number>(), sameIgnoringCase: new Set<string>() },
    ...{ exists: [] as boolean[], others: [] as OtherRule[] },
    count: rules.reduce((sum, rule) => sum + valuesIn(rule), 0),
  };
  for (const rule of rules) {
    if (rule.kind === "exists") sorted.exists.push(rule.value);
    else if (rule.kind === "equalsIgnoreCase") sorted.sameIgnoringCase.add(rule.text);
    else if (rule.kind === "anythingBut") sorted.others.push({ kind: rule.kind, ...splitNumbers(rule.values) });
    else if (rule.kind !== "equals") sorted.others.push(rule);
    else if (typeof rule.value === "number") sorted.numbers.add(roundNumber(rule.value));
    else sorted.same.add(rule.value);
  }
  return sorted;
}

function splitNumbers(values: readonly (string | number)[]): { texts: Set<unknown>; numbers: Set<number> } {
  return {
    texts: new Set(values.filter((value) => typeof value === "string")),
    numbers: new Set(values.flatMap((value) => (typeof value === "number" ? [roundNumber(value)] : []))),
  };
}

/** Each value of a list counts. */
function valuesIn(rule: FilterRule): number {
  if (rule.kind === "anythingBut") return rule.values.length;
  return rule.kind === "anythingButPrefix" ? rule.texts.length : 1;
}

function readRule(value: unknown): FilterRule {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return { kind: "equals", value };
  if (typeof value === "number") return { kind: "equals", value: inRange(value) };
  if (!isObject(value) || Object.keys(value).length !== 1) {
    throw new FilterPolicyProblem("Match value must be String, number, true, false, or null");
  }
  const [[operator, operand] = ["", null]] = Object.entries(value);
  return readOperator(operator, operand);
}

function readOperator(operator: string, operand: unknown): FilterRule {
  switch (operator) {
    case "prefix":
    case "suffix":
      return { kind: operator, text: textOf(operator, operand) };
    case "equals-ignore-case":
      return { kind: "equalsIgnoreCase", text: textOf(operator, operand).toLowerCase() };
    case "exists":
      if (typeof operand !== "boolean")
        throw new FilterPolicyProblem("exists match pattern must be either true or false.");
      return { kind: "exists", value: operand };
    case "anything-but":
      return readAnythingBut(operand);
    case "numeric":
      return readNumeric(operand);
    case "cidr":
      return readCidr(textOf(operator, operand));
    default:
      throw new FilterPolicyProblem(`Unrecognized match type ${operator.slice(0, 64)}`);
  }
}

function textOf(operator: string, operand: unknown): string {
  if (typeof operand === "string" && operand !== "") return operand;
  throw new FilterPolicyProblem(`${operator} match pattern must be a string`);
}

function readAnythingBut(operand: unknown): FilterRule {
  if (isObject(operand)) {
    const [[inner, given] = ["", null]] = Object.entries(operand);
    if (Object.keys(operand).length !== 1 || inner !== "prefix") {
      throw new FilterPolicyProblem(`Unsupported anything-but pattern: ${inner.slice(0, 64)}`);
    }
    const texts = (Array.isArray(given) ? given : [given]).map((one) => textOf(inner, one));
    if (texts.length === 0) throw new FilterPolicyProblem("Empty arrays are not allowed");
    return { kind: "anythingButPrefix", texts };
  }
  const values = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) throw new FilterPolicyProblem("Empty arrays are not allowed");
  for (const one of values) {
    if (typeof one !== "string" && typeof one !== "number") {
      throw new FilterPolicyProblem("Inside anything but list, string or number is supported");
    }
  }
  return { kind: "anythingBut", values };
}

function readNumeric(operand: unknown): FilterRule {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new FilterPolicyProblem("Value of numeric must be an array with one operator and value, or two");
  }
  const bounds = Array.from({ length: operand.length / 2 }, (_, at) => {
    const [operator, value] = operand.slice(2 * at, 2 * at + 2);
    if (typeof operator !== "string" || !/^(=|<|<=|>|>=)$/.test(operator)) {
      throw new FilterPolicyProblem("Unrecognized numeric range operator");
    }
    if (typeof value !== "number") throw new FilterPolicyProblem(`Value of ${operator} must be numeric`);
    return { operator, value: inRange(value) };
  });
  const [low, high] = bounds;
  if (low !== undefined && high !== undefined) {
    const isRange = low.operator.startsWith(">") && high.operator.startsWith("<");
    if (!isRange) throw new FilterPolicyProblem("Too many elements in numeric expression");
    if (low.value >= high.value) throw new FilterPolicyProblem("Bottom must be less than top");
  }
  return { kind: "numeric", bounds };
}

function inRange(value: number): number {
  if (Math.abs(value) <= limits.number) return value;
  throw new FilterPolicyProblem("Value of numeric must be between -1.0E9 and 1.0E9");
}

function readCidr(text: string): FilterRule {
  const [, address = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const parsed = parseAddress(address);
  if (parsed === null || bits === "" || Number(bits) > bitsOf(parsed)) {
    throw new FilterPolicyProblem("Malformed CIDR, one '/' required");
  }
  return { kind: "cidr", range: { address: parsed, prefixBits: Number(bits) } };
}

/** An address in a filter or a message: IPv4 may have leading zeros. Null: it is none. */
export function parseAddress(text: string): IpAddress | null {
  return parseIpAddress(text.includes(":") ? text : text.replace(/(^|\.)0{1,2}(?=\d)/g, "$1"));
}

/** How many keys a filter has, and how many combinations of values: those of nested keys count once for each level. */
function weigh({ keys, alternatives }: Filter, depth: number): { keys: number; combinations: number } {
  const weight = { keys: 0, combinations: 1 };
  for (const value of keys.values()) {
    if (isFilter(value)) {
      const inner = weigh(value, depth + 1);
      weight.keys += inner.keys;
      weight.combinations *= inner.combinations;
    } else {
      weight.keys += 1;
      weight.combinations *= value.count * depth;
    }
  }
  for (const some of alternatives) {
    const inner = some.map((one) => weigh(one, depth));
    weight.keys += Math.max(...inner.map((one) => one.keys));
    weight.combinations *= inner.reduce((sum, one) => sum + one.combinations, 0);
  }
  return weight;
}

export function isFilter(value: KeyRules | Filter): value is Filter {
  return "keys" in value;
}
