import { MalformedXml, type XmlElement } from "./read.ts";

/** What an element may hold: elements by name, or text alone. */
export type XmlShape = "text" | { readonly [name: string]: XmlShape };

/**
 * Throws `MalformedXml` where an element holds one that its shape does not name, at any depth. AWS validates documents by their
 * schema: an element that is not known would be dropped, and with it what the client wanted.
 */
export function requireShape(found: XmlElement, shape: XmlShape): void {
  for (const child of found.children) {
    const inner = shape !== "text" && Object.hasOwn(shape, child.name) ? shape[child.name] : undefined;
    if (inner === undefined) throw new MalformedXml(`${child.name} has no place in ${found.name}`);
    requireShape(child, inner);
  }
}
