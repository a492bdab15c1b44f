import type { ContextValue } from "../../../auth/policy/request.ts";
import { invalidIdentityToken } from "../model/errors.ts";
import type { WebIdentity } from "./web-identities.ts";

const TAGS_CLAIM = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY_CLAIM = "https://aws.amazon.com/source_identity";
const TAGS_MAX = 50;

/**
 * Condition keys of a web identity, `<provider>:sub` and so on, by names in lower case. Every claim that is text is one. Claims know
 * case and condition keys do not: no claim `Sub` may stand for `sub`, so the one in lower case counts.
 */
export function claimContext({ claims, audience }: WebIdentity, providerUrl: string): Map<string, ContextValue> {
  const context = new Map<string, ContextValue>();
  for (const [name, value] of Object.entries(claims)) {
    const lowerName = name.toLowerCase();
    const text = contextValue(value);
    if (name !== lowerName && Object.hasOwn(claims, lowerName)) continue;
    if (text !== undefined) context.set(`${providerUrl.toLowerCase()}:${lowerName}`, text);
  }
  // If a token has an authorised party, that is its audience, and the other one is the original audience.
  context.set(`${providerUrl}:aud`.toLowerCase(), audience);
  context.set(`${providerUrl}:oaud`.toLowerCase(), contextValue(claims.aud) ?? audience);
  return context;
}

function contextValue(value: unknown): ContextValue | undefined {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  return undefined;
}

export interface ClaimedTags {
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly transitiveTagKeys: readonly string[];
}

/** Session tags of the token ("Passing session tags using AssumeRoleWithWebIdentity"). Throws InvalidIdentityToken. */
export function claimedTags({ claims }: WebIdentity): ClaimedTags {
  const claim = claims[TAGS_CLAIM];
  if (claim === undefined) return { tags: [], transitiveTagKeys: [] };
  const { principal_tags: principal = {}, transitive_tag_keys: transitive = [] } = claim as Record<string, unknown>;
  if (typeof principal !== "object" || principal === null || !Array.isArray(transitive)) throw malformed();
  const tags = Object.entries(principal).map(([key, values]): readonly [string, string] => {
    const value = Array.isArray(values) && values.length === 1 ? values[0] : values;
    if (typeof value !== "string" || !isTag(key, value)) throw malformed();
    return [key, value];
  });
  const keys = tags.map(([key]) => key.toLowerCase());
  const isKnown = (key: unknown) => typeof key === "string" && keys.includes(key.toLowerCase());
  if (tags.length > TAGS_MAX || new Set(keys).size < keys.length || !transitive.every(isKnown)) throw malformed();
  return { tags, transitiveTagKeys: transitive as string[] };
}

/** Undefined if the token sets none. */
export function claimedSourceIdentity({ claims }: WebIdentity): string | undefined {
  const value = claims[SOURCE_IDENTITY_CLAIM];
  if (value === undefined) return undefined;
  if (typeof value === "string" && /^[\w+=,.@-]{2,64}$/.test(value)) return value;
  throw invalidIdentityToken("The source identity of the token is invalid.");
}

function isTag(key: string, value: string): boolean {
  return (
    /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) &&
    /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value) &&
    !/^aws:/i.test(key)
  );
}

function malformed() {
  return invalidIdentityToken("The session tags of the token are invalid.");
}
