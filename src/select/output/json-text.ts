import { Timestamp } from "../timestamp.ts";
import type { Value } from "../value.ts";

/** A value as JSON. MISSING members are left out; integers keep all their digits. */
export function jsonText(value: Value): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      return Number.isFinite(value) ? String(value) : "null";
    case "bigint":
      return String(value);
    case "undefined":
      return "null";
  }
  if (value === null) return "null";
  if (value instanceof Timestamp) return JSON.stringify(String(value));
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(jsonText).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => memberText(name, member)).join(",")}}`;
}

/** A member of an object. */
export function memberText(name: string, value: Value): string {
  return `${JSON.stringify(name)}:${jsonText(value)}`;
}
