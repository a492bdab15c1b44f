import { isInRange } from "../base/ip-address.ts";
import type { AttributeValue } from "../queues/content.ts";
import { type Filter, isFilter, type KeyRules, type OtherRule, parseAddress, roundNumber } from "./filter-policy.ts";

/** Values of a key that are looked at: what a longer list has behind them does not count. */
export const VALUES_PER_KEY_MAX = 1_000;

/** How much was compared: about one step a value and rule. */
export interface Effort {
  steps: number;
}

/** Whether message attributes pass a filter. Of types other than String, String.Array and Number nothing is compared. */
export function attributesPass(
  filter: Filter,
  attributes: ReadonlyMap<string, AttributeValue>,
  effort: Effort = { steps: 0 },
): boolean {
  const lookup = (key: string) => {
    const attribute = attributes.get(key);
    return attribute === undefined ? null : valuesOf(attribute);
  };
  return passes(filter, lookup, effort);
}

/** A message as filters see it, parsed once for all of them; undefined: it is no JSON. */
export function parseBody(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

/** Whether a message passes a filter on its body, as `parseBody` has it: it must be a JSON object. */
export function bodyPasses(filter: Filter, body: unknown, effort: Effort = { steps: 0 }): boolean {
  return objectPasses(filter, body, effort);
}

/** The values of a key; null: it is not there. */
type Lookup = (key: string) => readonly unknown[] | null;

function passes({ keys, alternatives }: Filter, lookup: Lookup, effort: Effort): boolean {
  for (const [key, wanted] of keys) {
    const values = lookup(key);
    effort.steps++;
    if (isFilter(wanted)) {
      // Of a list of objects one must pass as a whole. One that is not there can still be asked not to exist.
      if (!(values ?? [{}]).some((value) => objectPasses(wanted, value, effort))) return false;
    } else if (!rulesPass(wanted, values, effort)) return false;
  }
  return alternatives.every((some) => some.some((one) => passes(one, lookup, effort)));
}

function objectPasses(filter: Filter, value: unknown, effort: Effort): boolean {
  effort.steps++;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const members = value as Readonly<Record<string, unknown>>;
  const lookup = (key: string) => (Object.hasOwn(members, key) ? listOf(members[key]) : null);
  return passes(filter, lookup, effort);
}

/** A value, or those of a list and of lists in it: the first ones. */
function listOf(value: unknown): readonly unknown[] {
  const found: unknown[] = [];
  let looks = 0;
  const add = (one: unknown, depth: number): void => {
    if (looks++ > 2 * VALUES_PER_KEY_MAX || found.length >= VALUES_PER_KEY_MAX) return;
    if (!Array.isArray(one) || depth > 8) found.push(one);
    else for (const inner of one.slice(0, VALUES_PER_KEY_MAX)) add(inner, depth + 1);
  };
  add(value, 0);
  return found;
}

function rulesPass(rules: KeyRules, values: readonly unknown[] | null, effort: Effort): boolean {
  if (rules.exists.includes(values !== null)) return true;
  return values?.some((value) => valuePasses(rules, value, effort)) === true;
}

function valuePasses(rules: KeyRules, value: unknown, effort: Effort): boolean {
  effort.steps++;
  if (rules.same.has(value)) return true;
  if (typeof value === "number" && rules.numbers.has(roundNumber(value))) return true;
  if (typeof value === "string" && rules.sameIgnoringCase.size > 0) {
    effort.steps += value.length >> 6;
    if (rules.sameIgnoringCase.has(value.toLowerCase())) return true;
  }
  return rules.others.some((rule) => matches(rule, value, effort));
}

function matches(rule: OtherRule, value: unknown, effort: Effort): boolean {
  effort.steps++;
  switch (rule.kind) {
    case "prefix":
      return typeof value === "string" && value.startsWith(rule.text);
    case "suffix":
      return typeof value === "string" && value.endsWith(rule.text);
    case "anythingBut":
      return typeof value === "number" ? !rule.numbers.has(roundNumber(value)) : !rule.texts.has(value);
    case "anythingButPrefix":
      effort.steps += rule.texts.length;
      return typeof value === "string" && !rule.texts.some((text) => value.startsWith(text));
    case "numeric":
      return typeof value === "number" && rule.bounds.every((bound) => isWithin(bound, value));
    case "cidr": {
      effort.steps += 10;
      const address = typeof value === "string" ? parseAddress(value) : null;
      return address !== null && isInRange(address, rule.range);
    }
  }
}

function isWithin({ operator, value: bound }: { operator: string; value: number }, value: number): boolean {
  if (roundNumber(bound) === roundNumber(value)) return operator.includes("=");
  return operator.startsWith("<") ? value < bound : operator.startsWith(">") && value > bound;
}

/** Lists of values, which every filter asks for. */
const lists = new WeakMap<AttributeValue, readonly unknown[] | null>();

function valuesOf(attribute: AttributeValue): readonly unknown[] | null {
  const { dataType, value } = attribute;
  if (!("text" in value)) return null;
  if (dataType === "Number" || dataType.startsWith("Number.")) return [Number(value.text)];
  if (dataType !== "String.Array") return [value.text];
  const known = lists.get(attribute);
  if (known !== undefined) return known;
  const values = parseBody(value.text);
  const list = values === undefined ? null : Array.isArray(values) ? values.slice(0, VALUES_PER_KEY_MAX) : [values];
  lists.set(attribute, list);
  return list;
}
