import type { AttributeValue } from "../queues/content.ts";
import { type Filter, type FilterRule, isFilter, parseAddress } from "./filter-policy.ts";

/** Whether message attributes pass a filter. Of types other than String, String.Array and Number nothing is compared. */
export function attributesPass(filter: Filter, attributes: ReadonlyMap<string, AttributeValue>): boolean {
  return passes(filter, (key) => {
    const attribute = attributes.get(key);
    return attribute === undefined ? null : valuesOf(attribute);
  });
}

/** Whether a message passes a filter on its body: it must be a JSON object. */
export function bodyPasses(filter: Filter, message: string): boolean {
  try {
    return objectPasses(filter, JSON.parse(message));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The values of a key; null: it is not there. */
type Lookup = (key: string) => readonly unknown[] | null;

function passes({ keys, alternatives }: Filter, lookup: Lookup): boolean {
  for (const [key, wanted] of keys) {
    const values = lookup(key);
    if (isFilter(wanted)) {
      // Of a list of objects one must pass as a whole. One that is not there can still be asked not to exist.
      if (!(values ?? [{}]).some((value) => objectPasses(wanted, value))) return false;
    } else if (!rulesPass(wanted, values)) return false;
  }
  return alternatives.every((some) => some.some((one) => passes(one, lookup)));
}

function objectPasses(filter: Filter, value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const members = new Map(Object.entries(value));
  return passes(filter, (key) => {
    if (!members.has(key)) return null;
    const member = members.get(key);
    return Array.isArray(member) ? member.flat(8) : [member];
  });
}

function rulesPass(rules: readonly FilterRule[], values: readonly unknown[] | null): boolean {
  return rules.some((rule) => {
    if (rule.kind === "exists") return rule.value === (values !== null);
    return values?.some((value) => matches(rule, value)) === true;
  });
}

function matches(rule: Exclude<FilterRule, { kind: "exists" }>, value: unknown): boolean {
  switch (rule.kind) {
    case "equals":
      return typeof rule.value === "number" ? isSameNumber(rule.value, value) : rule.value === value;
    case "prefix":
      return typeof value === "string" && value.startsWith(rule.text);
    case "suffix":
      return typeof value === "string" && value.endsWith(rule.text);
    case "equalsIgnoreCase":
      return typeof value === "string" && value.toLowerCase() === rule.text;
    case "anythingBut":
      return !rule.values.some((one) => (typeof one === "number" ? isSameNumber(one, value) : one === value));
    case "anythingButPrefix":
      return typeof value === "string" && !rule.texts.some((text) => value.startsWith(text));
    case "numeric":
      return typeof value === "number" && rule.bounds.every((bound) => isWithin(bound, value));
    case "cidr": {
      const address = typeof value === "string" ? parseAddress(value) : null;
      return address?.length === rule.length && address.number >> BigInt(rule.length - rule.bits) === rule.base;
    }
  }
}

/** Numbers are compared to five digits after the point. */
function isSameNumber(one: number, other: unknown): boolean {
  return typeof other === "number" && Math.round(one * 1e5) === Math.round(other * 1e5);
}

function isWithin({ operator, value: bound }: { operator: string; value: number }, value: number): boolean {
  if (isSameNumber(bound, value)) return operator.includes("=");
  return operator.startsWith("<") ? value < bound : operator.startsWith(">") && value > bound;
}

function valuesOf({ dataType, value }: AttributeValue): readonly unknown[] | null {
  if (!("text" in value)) return null;
  if (dataType === "Number" || dataType.startsWith("Number.")) return [Number(value.text)];
  if (dataType !== "String.Array") return [value.text];
  try {
    const values: unknown = JSON.parse(value.text);
    return Array.isArray(values) ? values : [values];
  } catch {
    return null;
  }
}
