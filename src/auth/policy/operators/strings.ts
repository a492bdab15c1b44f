import { compilePattern, type PatternRules } from "../pattern.ts";
import type { Comparison } from "./operator.ts";

function comparison(rules: Omit<PatternRules, "variables">): Comparison {
  return { compile: (text, { variables }) => compilePattern(text, { ...rules, variables }) };
}

export const stringEquals = comparison({ wildcards: false });
export const stringEqualsIgnoreCase = comparison({ wildcards: false, ignoreCase: true });
export const stringLike = comparison({ wildcards: true });
