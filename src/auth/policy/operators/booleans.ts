import { compilePattern } from "../pattern.ts";
import { type Comparison, fixedValue } from "./operator.ts";

const booleanForm = /^(?:true|false)$/i;

/** `true` and `false` in any case. A value of the request that is neither matches nothing. */
export const bool: Comparison = {
  compile(text, { variables }) {
    const pattern = compilePattern(text, { wildcards: false, variables, ignoreCase: true });
    if (pattern === null || (pattern.variables.length === 0 && !booleanForm.test(text))) return null;
    return {
      variables: pattern.variables,
      matches: (value, lookup) => booleanForm.test(value) && pattern.matches(value, lookup),
    };
  },
};

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Both sides are base64; the bytes are compared, which for padded base64 is to compare the texts. */
export const binaryEquals: Comparison = {
  compile: (text) => (base64Form.test(text) ? fixedValue((value) => value === text) : null),
};
