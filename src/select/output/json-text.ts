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
  return objectText(Object.keys(value), Object.values(value));
}

export function objectText(names: readonly string[], values: readonly Value[]): string {
  let text = "{";
  for (let index = 0; index < names.length; index += 1) {
    const value = values[index];
    if (value === undefined) continue;
    if (text.length > 1) text += ",";
    text += `${JSON.stringify(names[index])}:${jsonText(value)}`;
  }
  return `${text}}`;
}
