import { validationError } from "../../../protocols/aws-query/error.ts";

const PAGE_DEFAULT = 100;

/** How many entries a page has. */
export function pageSize(maxItems: number | undefined): number {
  return maxItems ?? PAGE_DEFAULT;
}

/** The marker of a page that ends after `place`: opaque to clients. */
export function encodeMarker(place: readonly string[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(place));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** The place of a marker with that many parts; null without one. A marker that was not made here is a ValidationError. */
export function decodeMarker(marker: string | undefined, parts: number): string[] | null {
  if (marker === undefined) return null;
  try {
    const binary = atob(marker.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const place: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (Array.isArray(place) && place.length === parts && place.every((part) => typeof part === "string")) return place;
  } catch {
    // Not base64 or not JSON: refused below.
  }
  throw validationError("Invalid Marker.");
}

/** A page of `rows`, which are one more than `limit` if there are more, and how the answer says so. */
export function cutPage<Row>(
  rows: readonly Row[],
  limit: number,
  placeOf: (last: Row) => readonly string[],
): { rows: Row[]; end: { IsTruncated: boolean; Marker?: string } } {
  const cut = rows.slice(0, limit);
  const last = cut.at(-1);
  if (rows.length <= limit || last === undefined) return { rows: cut, end: { IsTruncated: false } };
  return { rows: cut, end: { IsTruncated: true, Marker: encodeMarker(placeOf(last)) } };
}
