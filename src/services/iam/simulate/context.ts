import type { ContextLookup, ContextValue } from "../../../auth/policy/request.ts";
import { list, required, structure, text } from "../../../protocols/aws-query/fields.ts";
import { invalidInput } from "../model/errors.ts";

const types = [
  "string",
  "stringList",
  "numeric",
  "numericList",
  "boolean",
  "booleanList",
  "ip",
  "ipList",
  "binary",
  "binaryList",
  "date",
  "dateList",
] as const;

export const contextEntries = list(
  structure({
    ContextKeyName: required(text({ min: 5, max: 256 })),
    ContextKeyValues: list(text(), { max: 1_000 }),
    ContextKeyType: required(text({ oneOf: types })),
  }),
  { max: 100 },
);

interface Entry {
  readonly ContextKeyName: string;
  readonly ContextKeyValues: readonly string[];
  readonly ContextKeyType: string;
}

/** The values that the simulated request has. A single type with several values is InvalidInput. */
export function simulatedContext(entries: readonly Entry[]): ContextLookup {
  const values = new Map<string, ContextValue>();
  for (const { ContextKeyName, ContextKeyValues, ContextKeyType } of entries) {
    const isList = ContextKeyType.endsWith("List");
    if (!isList && ContextKeyValues.length !== 1) {
      throw invalidInput(
        `Invalid Value: The context key ${ContextKeyName} must have one value of the type ${ContextKeyType}.`,
      );
    }
    values.set(ContextKeyName.toLowerCase(), isList ? ContextKeyValues : (ContextKeyValues[0] as string));
  }
  return (key) => values.get(key);
}
