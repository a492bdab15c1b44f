import { type Filter, type FilterScope, readFilterPolicy } from "./filter-policy.ts";

/** Of all policies that are remembered together: parsed they take a few times as much memory. */
const CHARACTERS_MAX = 2_000_000;

/** Filters by their scope and text, those asked for last at the end. */
const known = new Map<string, Filter>();
let characters = 0;

/** The filter of a subscription, whose policy was checked when it was put. An isolate parses it once as long as it has room. */
export function knownFilter(text: string, scope: FilterScope): Filter {
  const name = `${scope} ${text}`;
  const found = known.get(name);
  const filter = found ?? readFilterPolicy(text, scope);
  if (found === undefined) characters += name.length;
  else known.delete(name);
  known.set(name, filter);
  for (const oldest of known.keys()) {
    if (characters <= CHARACTERS_MAX) break;
    known.delete(oldest);
    characters -= oldest.length;
  }
  return filter;
}
