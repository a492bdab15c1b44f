import { invalidParameter } from "./errors.ts";

/** Items of a page, as at AWS. */
export const PAGE_ITEMS = 100;

/** Where a page begins. Throws InvalidParameter for a token that was not made here. */
export function pageStart(token: string | undefined): string {
  if (token === undefined || token === "") return "";
  try {
    const text = atob(token);
    if (/^after:[\w.-]{1,256}$/.test(text)) return text.slice("after:".length);
  } catch {
    // Not base64: refused below.
  }
  throw invalidParameter("NextToken", "Invalid or expired next token.");
}

/** The items of a page, of which `rows` has one more if there are more, and the token for the next one. */
export function cutPage<T>(
  rows: readonly T[],
  nameOf: (row: T) => string,
): { page: readonly T[]; NextToken: string | undefined } {
  const page = rows.slice(0, PAGE_ITEMS);
  const last = page.at(-1);
  return {
    page,
    NextToken: rows.length > PAGE_ITEMS && last !== undefined ? btoa(`after:${nameOf(last)}`) : undefined,
  };
}
