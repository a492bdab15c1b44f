import type { TagRow } from "../../../metadata/rows.ts";
import { invalidParameter, sqsError } from "./errors.ts";

const TAGS_MAX = 50;
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags with the given ones set. Throws InvalidParameterValue, or OverLimit above 50. */
export function mergeTags(existing: readonly TagRow[], given: ReadonlyMap<string, string>): TagRow[] {
  for (const [key, value] of given) checkTag(key, value);
  const merged = [...new Map([...existing, ...given])];
  if (merged.length > TAGS_MAX)
    throw sqsError("OverLimit", `Too many tags added for queue: at most ${TAGS_MAX} are allowed.`);
  return merged;
}

function checkTag(key: string, value: string): void {
  if (key.length < 1 || key.length > 128)
    throw invalidParameter("Tag keys must be between 1 and 128 characters in length.");
  if (value.length > 256) throw invalidParameter("Tag values must not be longer than 256 characters.");
  if (key.toLowerCase().startsWith("aws:"))
    throw invalidParameter("Tag keys cannot begin with aws:, which is reserved.");
  if (!characters.test(key) || !characters.test(value))
    throw invalidParameter("Tags may have letters, digits, spaces and _.:/=+-@ only.");
}

/** Condition keys of requests with tags. */
export function tagContext(
  tags: ReadonlyMap<string, string> | undefined,
  keys: readonly string[] = [],
): Map<string, string | readonly string[]> {
  const context = new Map<string, string | readonly string[]>();
  for (const [key, value] of tags ?? []) context.set(`aws:requesttag/${key.toLowerCase()}`, value);
  const all = [...(tags?.keys() ?? []), ...keys];
  if (all.length > 0) context.set("aws:tagkeys", all);
  return context;
}
