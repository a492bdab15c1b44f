import { fromBase64, toBase64 } from "../../../base/bytes.ts";
import { kmsError } from "./errors.ts";

export interface PageInput {
  readonly Limit: number | undefined;
  readonly Marker: string | undefined;
}

/** Where a page begins: behind this name; "" at the start. A marker that was not made here is an InvalidMarkerException. */
export function placeOf({ Marker }: PageInput): string {
  if (Marker === undefined) return "";
  const bytes = fromBase64(Marker);
  try {
    if (bytes !== null) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not UTF-8: refused below.
  }
  throw kmsError("InvalidMarkerException", "The marker is not valid.");
}

/** A page of `rows`, of which there is one more than `limit` if there are more, and how the answer says so. */
export function cutPage<Row>(
  rows: readonly Row[],
  limit: number,
  nameOf: (row: Row) => string,
): { rows: readonly Row[]; end: { Truncated: boolean; NextMarker?: string } } {
  const cut = rows.slice(0, limit);
  const last = cut.at(-1);
  if (rows.length <= limit || last === undefined) return { rows: cut, end: { Truncated: false } };
  return { rows: cut, end: { Truncated: true, NextMarker: toBase64(new TextEncoder().encode(nameOf(last))) } };
}

/** A page of a list that is there as a whole, sorted by the names. */
export function cutList<Row>(
  all: readonly Row[],
  { page, limit }: { page: PageInput; limit: number },
  nameOf: (row: Row) => string,
): ReturnType<typeof cutPage<Row>> {
  const after = placeOf(page);
  const rest = after === "" ? all : all.filter((row) => nameOf(row) > after);
  return cutPage(rest.slice(0, limit + 1), limit, nameOf);
}
