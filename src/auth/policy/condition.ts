import { ipAddress } from "./operators/addresses.ts";
import { arnLike } from "./operators/arns.ts";
import { binaryEquals, bool } from "./operators/booleans.ts";
import { date } from "./operators/dates.ts";
import { numeric } from "./operators/numbers.ts";
import type { Comparison, CompiledValue } from "./operators/operator.ts";
import { stringEquals, stringEqualsIgnoreCase, stringLike } from "./operators/strings.ts";
import type { Variable, VariableLookup } from "./pattern.ts";

/** What a condition asks of a request; keys are in lower case. */
export interface ConditionFacts {
  find(key: string): string | readonly string[] | undefined;
  /** For variables, which a multivalued key has no value for. */
  readonly findText: VariableLookup;
}

/** One operator on one key with its values. */
export interface Condition {
  readonly operator: ConditionOperator;
  /** As written. */
  readonly key: string;
  /** As written. */
  readonly values: readonly string[];
  readonly variables: readonly Variable[];
  holds(facts: ConditionFacts): boolean;
}

/** An operator's name, taken apart. */
export interface ConditionOperator {
  /** As written: `ForAllValues:StringNotEqualsIfExists`. */
  readonly name: string;
  /** Without the rest: `StringNotEquals`. */
  readonly base: string;
  readonly set: "all" | "any" | null;
  readonly ifExists: boolean;
}

const less = (a: number, b: number) => a < b;
const lessOrEqual = (a: number, b: number) => a <= b;
const greater = (a: number, b: number) => a > b;
const greaterOrEqual = (a: number, b: number) => a >= b;
const equal = (a: number, b: number) => a === b;

const comparisons: Readonly<Record<string, { readonly comparison: Comparison; readonly negated: boolean }>> = {
  StringEquals: { comparison: stringEquals, negated: false },
  StringNotEquals: { comparison: stringEquals, negated: true },
  StringEqualsIgnoreCase: { comparison: stringEqualsIgnoreCase, negated: false },
  StringNotEqualsIgnoreCase: { comparison: stringEqualsIgnoreCase, negated: true },
  StringLike: { comparison: stringLike, negated: false },
  StringNotLike: { comparison: stringLike, negated: true },
  NumericEquals: { comparison: numeric(equal), negated: false },
  NumericNotEquals: { comparison: numeric(equal), negated: true },
  NumericLessThan: { comparison: numeric(less), negated: false },
  NumericLessThanEquals: { comparison: numeric(lessOrEqual), negated: false },
  NumericGreaterThan: { comparison: numeric(greater), negated: false },
  NumericGreaterThanEquals: { comparison: numeric(greaterOrEqual), negated: false },
  DateEquals: { comparison: date(equal), negated: false },
  DateNotEquals: { comparison: date(equal), negated: true },
  DateLessThan: { comparison: date(less), negated: false },
  DateLessThanEquals: { comparison: date(lessOrEqual), negated: false },
  DateGreaterThan: { comparison: date(greater), negated: false },
  DateGreaterThanEquals: { comparison: date(greaterOrEqual), negated: false },
  Bool: { comparison: bool, negated: false },
  BinaryEquals: { comparison: binaryEquals, negated: false },
  IpAddress: { comparison: ipAddress, negated: false },
  NotIpAddress: { comparison: ipAddress, negated: true },
  ArnEquals: { comparison: arnLike, negated: false },
  ArnLike: { comparison: arnLike, negated: false },
  ArnNotEquals: { comparison: arnLike, negated: true },
  ArnNotLike: { comparison: arnLike, negated: true },
  Null: { comparison: bool, negated: false },
};

const operatorForm = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

/** Takes an operator's name apart, or returns null if there is none of this name. Case matters. `Null` takes no IfExists. */
export function parseOperator(name: string): ConditionOperator | null {
  const found = operatorForm.exec(name);
  if (found === null) return null;
  const [, set, base = "", ifExists] = found;
  if (!Object.hasOwn(comparisons, base) || (base === "Null" && ifExists !== undefined)) return null;
  return {
    name,
    base,
    set: set === undefined ? null : set === "ForAllValues" ? "all" : "any",
    ifExists: ifExists !== undefined,
  };
}

export type CompiledCondition =
  | { readonly ok: true; readonly condition: Condition }
  /** The first value that is none of the operator's kind. */
  | { readonly ok: false; readonly value: string };

/**
 * Compiles one operator on one key.
 *
 * Follows "Condition operators" and "Single-valued vs. multivalued context keys" in the IAM User Guide: a key that is missing matches
 * negated operators, IfExists and ForAllValues, and no other; ForAnyValue never. A multivalued key matches no operator without
 * ForAllValues or ForAnyValue. With a variable that has no value a comparison does not match, so its negation does.
 */
export function compileCondition(
  operator: ConditionOperator,
  { key, values, variables }: { key: string; values: readonly string[]; variables: boolean },
): CompiledCondition {
  const { comparison, negated } = comparisons[operator.base] as { comparison: Comparison; negated: boolean };
  const compiled: CompiledValue[] = [];
  for (const value of values) {
    const one = comparison.compile(value, { variables: variables && operator.base !== "Null" });
    if (one === null) return { ok: false, value };
    compiled.push(one);
  }
  const test = operator.base === "Null" ? testNull(values) : testValues(operator, compiled, negated);
  const lowerKey = key.toLowerCase();
  const holds = (facts: ConditionFacts) => test(facts.find(lowerKey), facts.findText);
  return {
    ok: true,
    condition: { operator, key, values, variables: compiled.flatMap((one) => one.variables), holds },
  };
}

type Test = (value: string | readonly string[] | undefined, lookup: VariableLookup) => boolean;

function testNull(values: readonly string[]): Test {
  const wantsMissing = values.some((value) => value.toLowerCase() === "true");
  const wantsPresent = values.some((value) => value.toLowerCase() === "false");
  return (value) =>
    value === undefined || (value.length === 0 && typeof value !== "string") ? wantsMissing : wantsPresent;
}

function testValues({ set, ifExists }: ConditionOperator, values: readonly CompiledValue[], negated: boolean): Test {
  const matchesOne = (value: string, lookup: VariableLookup): boolean => {
    for (const one of values) if (one.matches(value, lookup)) return !negated;
    return negated;
  };
  if (set === null) {
    const ifMissing = ifExists || negated;
    return (value, lookup) => {
      if (value === undefined) return ifMissing;
      return typeof value === "string" && matchesOne(value, lookup);
    };
  }
  const ifEmpty = set === "all";
  return (value, lookup) => {
    if (value === undefined || value.length === 0) return ifEmpty;
    const list = typeof value === "string" ? [value] : value;
    return ifEmpty ? list.every((one) => matchesOne(one, lookup)) : list.some((one) => matchesOne(one, lookup));
  };
}
