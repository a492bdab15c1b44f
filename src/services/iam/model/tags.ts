import type { TagRow } from "../../../metadata/rows.ts";
import { invalidInput, limitExceeded } from "./errors.ts";
import { quotas } from "./quotas.ts";

export interface TagInput {
  readonly Key: string;
  readonly Value: string;
}

/** Tags of a new resource. Keys differ whatever their case, and none begins with `aws:`. */
export function newTags(given: readonly TagInput[]): TagRow[] {
  return mergeTags([], given);
}

/** The tags with the given ones set. Throws InvalidInput, or LimitExceeded above 50. */
export function mergeTags(existing: readonly TagRow[], given: readonly TagInput[]): TagRow[] {
  const folded = given.map(({ Key }) => Key.toLowerCase());
  if (new Set(folded).size < folded.length) {
    throw invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
  if (folded.some((key) => key.startsWith("aws:"))) {
    throw invalidInput("Tag keys must not begin with aws:, which is reserved.");
  }
  const kept = existing.filter(([key]) => !folded.includes(key.toLowerCase()));
  const merged = [...kept, ...given.map(({ Key, Value }): TagRow => [Key, Value])];
  if (merged.length > quotas.tags)
    throw limitExceeded(`The number of tags has reached the maximum limit of ${quotas.tags}.`);
  return merged;
}

/** The tags without those of the given keys. Keys that are not there do not matter. */
export function withoutTags(existing: readonly TagRow[], keys: readonly string[]): TagRow[] {
  const folded = keys.map((key) => key.toLowerCase());
  return existing.filter(([key]) => !folded.includes(key.toLowerCase()));
}
