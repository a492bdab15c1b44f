import type { ContextValue } from "../../../auth/policy/request.ts";
import type { TagRow } from "../../../metadata/rows.ts";
import { list, structure, text } from "../../../protocols/aws-query/fields.ts";
import { invalidParameter, snsError } from "./errors.ts";

const TAGS_MAX = 50;
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export const tagsField = list(structure({ Key: text(), Value: text() }), { max: 1_000 });

type GivenTag = { readonly Key: string | undefined; readonly Value: string | undefined };

export function tagsOf(given: readonly GivenTag[]): TagRow[] {
  return given.map(({ Key = "", Value = "" }): TagRow => [Key, Value]);
}

/** The tags with the given ones set. Throws InvalidParameter, or TagLimitExceeded above 50. */
export function mergeTags(existing: readonly TagRow[], given: readonly TagRow[]): TagRow[] {
  for (const [key, value] of given) checkTag(key, value);
  if (new Set(given.map(([key]) => key)).size < given.length)
    throw invalidParameter("Tags", "Duplicated keys are not allowed.");
  const merged = [...new Map([...existing, ...given])];
  if (merged.length > TAGS_MAX) {
    throw snsError("TagLimitExceeded", `Could not complete request: tag quota of ${TAGS_MAX} per resource exceeded`);
  }
  return merged;
}

function checkTag(key: string, value: string): void {
  const isFine = key.length >= 1 && key.length <= 128 && value.length <= 256;
  if (!isFine || !characters.test(key) || !characters.test(value) || /^aws:/i.test(key)) {
    throw invalidParameter("Tags", "a tag has a key or a value that is not allowed");
  }
}

/** Condition keys of requests with tags. */
export function tagContext(tags: readonly TagRow[], keys: readonly string[] = []): Map<string, ContextValue> {
  const context = new Map<string, ContextValue>();
  for (const [key, value] of tags) context.set(`aws:requesttag/${key.toLowerCase()}`, value);
  const all = [...tags.map(([key]) => key), ...keys];
  if (all.length > 0) context.set("aws:tagkeys", all);
  return context;
}
