import type { Variable, VariableLookup } from "../pattern.ts";

/** One value of a condition, compiled. Says whether the request's value matches it; negation is the condition's business. */
export interface CompiledValue {
  readonly variables: readonly Variable[];
  matches(value: string, lookup: VariableLookup): boolean;
}

/** A comparison without the `Not` in its name and without set operator and IfExists. */
export interface Comparison {
  /** Null: the text is none of this comparison's kind. */
  compile(text: string, rules: { readonly variables: boolean }): CompiledValue | null;
}

/** A value that no variable can occur in. */
export function fixedValue(matches: (value: string) => boolean): CompiledValue {
  return { variables: [], matches };
}
