import { AwsError } from "./errors.ts";

/** Parses a document; throws `AwsError` with `InvalidResponse` for what is no XML. */
export function parseXml(text: string): Element {
  const document = new DOMParser().parseFromString(text, "application/xml");
  if (document.querySelector("parsererror") || document.documentElement === null) {
    throw new AwsError({ code: "InvalidResponse", message: text.slice(0, 200), status: 200 });
  }
  return document.documentElement;
}

/** Children with this name, whatever their namespace. */
export function children(parent: Element, name: string): Element[] {
  return [...parent.children].filter((child) => child.localName === name);
}

/** The first descendant on the path of names, or null. */
export function at(parent: Element | null, ...path: string[]): Element | null {
  let found: Element | null = parent;
  for (const name of path) found = found && (children(found, name)[0] ?? null);
  return found;
}

/** Text of the element on the path; `""` if there is none. */
export function textAt(parent: Element | null, ...path: string[]): string {
  return at(parent, ...path)?.textContent ?? "";
}

/**
 * Members of a list of the query protocol: `<Users><member>…`.
 *
 * @public
 */
export function members(parent: Element | null, ...path: string[]): Element[] {
  const list = at(parent, ...path);
  return list === null ? [] : children(list, "member");
}

/** Text as it stands between two tags. Control characters are references, because XML has no other way to write them. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** A key or marker of `encoding-type=url`, which writes spaces as `+`. */
export function urlDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", "%20"));
}
