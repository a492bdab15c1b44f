import { keyringLimits } from "../../../keyring/limits.ts";
import type { TagRow } from "../../../metadata/rows.ts";
import { kmsError } from "./errors.ts";

export interface TagInput {
  readonly TagKey: string;
  readonly TagValue: string;
}

/** The tags with the given ones set. Throws TagException, or LimitExceededException above 50. */
export function mergeTags(existing: readonly TagRow[], given: readonly TagInput[]): TagRow[] {
  const keys = given.map(({ TagKey }) => TagKey);
  if (new Set(keys).size < keys.length) throw kmsError("TagException", "Duplicate tag keys");
  if (keys.some((key) => key.toLowerCase().startsWith("aws:"))) {
    throw kmsError("TagException", "Tag keys must not begin with aws:, which is reserved.");
  }
  const odd = given.find(({ TagKey, TagValue }) => !FORM.test(TagKey) || !FORM.test(TagValue));
  if (odd !== undefined) throw kmsError("TagException", "A tag key or value has a character that tags cannot have.");
  const kept = existing.filter(([key]) => !keys.includes(key));
  const merged = [...kept, ...given.map(({ TagKey, TagValue }): TagRow => [TagKey, TagValue])];
  if (merged.length <= keyringLimits.tagsPerKey) return merged;
  throw kmsError("LimitExceededException", `A key may have ${keyringLimits.tagsPerKey} tags at the most.`);
}

const FORM = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Condition keys of the tags that a request sets. */
export function tagFacts(given: readonly TagInput[]): Map<string, string | readonly string[]> {
  const facts = new Map<string, string | readonly string[]>();
  for (const { TagKey, TagValue } of given) facts.set(`aws:requesttag/${TagKey.toLowerCase()}`, TagValue);
  if (given.length > 0)
    facts.set(
      "aws:tagkeys",
      given.map(({ TagKey }) => TagKey),
    );
  return facts;
}
