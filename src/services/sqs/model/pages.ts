import { invalidParameter, invalidValue } from "./errors.ts";

/** Names that one page has if the request does not say. Then there is no token for another one either. */
const PAGE_MAX = 1_000;

export interface PageInput {
  readonly NextToken?: string | undefined;
  readonly MaxResults?: number | undefined;
}

/** Where a page begins and how long it is. Throws for a token that was not made here. */
export function pageOf({ NextToken, MaxResults }: PageInput): { after: string; limit: number } {
  if (MaxResults !== undefined && (MaxResults < 1 || MaxResults > PAGE_MAX)) {
    throw invalidValue(MaxResults, "MaxResults", `Must be between 1 and ${PAGE_MAX}, if provided.`);
  }
  return { after: NextToken === undefined ? "" : decodeToken(NextToken), limit: MaxResults ?? PAGE_MAX };
}

/** The names of the page, of which `names` has one more if there are more, and the token for the next one. */
export function cutPage(
  names: readonly string[],
  { MaxResults }: PageInput,
): { names: readonly string[]; NextToken: string | undefined } {
  const limit = MaxResults ?? PAGE_MAX;
  const page = names.slice(0, limit);
  const last = page.at(-1);
  const isMore = MaxResults !== undefined && names.length > limit && last !== undefined;
  return { names: page, NextToken: isMore ? btoa(`after:${last}`) : undefined };
}

function decodeToken(token: string): string {
  try {
    const text = atob(token);
    if (/^after:[\w.-]{1,80}$/.test(text)) return text.slice("after:".length);
  } catch {
    // Not base64: refused below.
  }
  throw invalidParameter("Invalid or expired next token.");
}
