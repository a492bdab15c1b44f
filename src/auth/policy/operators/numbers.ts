import { type Comparison, fixedValue } from "./operator.ts";

const numberForm = /^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?$/;

function parseNumber(text: string): number | null {
  return numberForm.test(text) ? Number(text) : null;
}

/** `holds` gets the request's number, then the policy's. A value of the request that is no number matches nothing. */
export function numeric(holds: (value: number, limit: number) => boolean): Comparison {
  return {
    compile(text) {
      const limit = parseNumber(text);
      if (limit === null) return null;
      return fixedValue((value) => {
        const number = parseNumber(value);
        return number !== null && holds(number, limit);
      });
    },
  };
}
