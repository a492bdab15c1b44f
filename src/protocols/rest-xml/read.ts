import { XMLParser, XMLValidator } from "fast-xml-parser";

/** An element of a request's XML. Namespace prefixes and attributes are dropped, as nothing in S3's requests needs them. */
export interface XmlElement {
  readonly name: string;
  /** Its own text, references resolved, white space kept; "" if it holds elements only. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The bytes are not the document that they should be. Services answer it in their own words. */
export class MalformedXml extends Error {
  override readonly name = "MalformedXml";
}

/** No document of S3's API is deeper. */
const depthMax = 16;

const textNode = "#text";
const cdataNode = "#cdata";

const parser = new XMLParser({
  preserveOrder: true,
  trimValues: false,
  parseTagValue: false,
  processEntities: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  maxNestedTags: depthMax,
  textNodeName: textNode,
  cdataPropName: cdataNode,
});

/**
 * Parses a request body whose root must be `rootName`. The caller bounds its size before. UTF-8 only; no DTD, so no
 * entity but XML's own five is ever expanded. Anything else throws `MalformedXml`.
 */
export function readXml(bytes: Uint8Array, rootName: string): XmlElement {
  const text = decodeUtf8(bytes);
  // A DOCTYPE is refused unread. In CDATA or a comment the word is harmless but no client sends it.
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new MalformedXml();
  if (XMLValidator.validate(text) !== true) throw new MalformedXml();
  const roots = toElements(parse(text));
  const root = roots[0];
  if (root === undefined || roots.length !== 1 || root.name !== rootName) throw new MalformedXml();
  return root;
}

/** The only child of that name, or undefined. Two throw `MalformedXml`. */
export function child(parent: XmlElement, name: string): XmlElement | undefined {
  const found = childrenOf(parent, name);
  if (found.length > 1) throw new MalformedXml();
  return found[0];
}

/** Text of the only child of that name, or undefined if there is none. Elements inside it throw `MalformedXml`. */
export function childText(parent: XmlElement, name: string): string | undefined {
  const found = child(parent, name);
  if (found !== undefined && found.children.length > 0) throw new MalformedXml();
  return found?.text;
}

export function childrenOf(parent: XmlElement, name: string): readonly XmlElement[] {
  return parent.children.filter((candidate) => candidate.name === name);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new MalformedXml("the document cannot be parsed", { cause });
  }
}

/** A node as the parser gives it: `{ "#text": … }`, `{ "#cdata": [{ "#text": … }] }` or `{ name: nodes }`. */
type ParsedNode = Record<string, unknown>;

function parse(text: string): ParsedNode[] {
  try {
    return parser.parse(text);
  } catch (cause) {
    throw new MalformedXml("the document cannot be parsed", { cause });
  }
}

function toElements(nodes: readonly ParsedNode[]): XmlElement[] {
  const elements: XmlElement[] = [];
  for (const node of nodes) {
    const name = Object.keys(node)[0];
    if (name === undefined || name === textNode || name === cdataNode) continue;
    const inner = node[name] as ParsedNode[];
    const children = toElements(inner);
    elements.push({ name, text: children.length > 0 ? "" : textOf(inner), children });
  }
  return elements;
}

function textOf(nodes: readonly ParsedNode[]): string {
  let text = "";
  for (const node of nodes) {
    if (cdataNode in node) text += (node[cdataNode] as ParsedNode[]).map((part) => String(part[textNode])).join("");
    else if (textNode in node) text += resolveReferences(String(node[textNode]));
  }
  return text;
}

const named = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** Undoes `&amp;` and the like and `&#…;`. An unknown name or a character that cannot be throws `MalformedXml`. */
function resolveReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&]{0,12});?/g, (reference, name: string) => {
    const character = reference.endsWith(";") ? (named.get(name) ?? characterOf(name)) : undefined;
    if (character === undefined) throw new MalformedXml();
    return character;
  });
}

function characterOf(name: string): string | undefined {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  if (match === null) return undefined;
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}
