/**
 * XML as S3 writes it: a declaration, one root in S3's namespace, no white space between elements. Built from strings
 * because a listing page is some 300 KB of it.
 */

/** Text that is XML already. Only this module makes it, so whatever is not `Xml` gets escaped. */
export class Xml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What an element may hold. `undefined` is left out, so that an optional part needs no condition around it. */
export type XmlContent = Xml | string | number | boolean | undefined | readonly Xml[];

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

/** `<name>…</name>`, or `<name/>` where nothing is in it. */
export function element(name: string, ...content: XmlContent[]): Xml {
  const inner = content.map(contentText).join("");
  return new Xml(inner === "" ? `<${name}/>` : `<${name}>${inner}</${name}>`);
}

/** The same with attributes, whose values are XML already. */
export function elementWith(name: string, attributes: string, ...content: XmlContent[]): Xml {
  return new Xml(`<${name} ${attributes}>${content.map(contentText).join("")}</${name}>`);
}

/** The element, or nothing at all where `value` is undefined. */
export function optional(name: string, value: string | number | boolean | undefined): Xml {
  return value === undefined ? new Xml("") : element(name, value);
}

/** A whole document whose root is in S3's namespace. */
export function xmlDocument(name: string, ...content: XmlContent[]): string {
  return `${declaration}<${name} xmlns="${namespace}">${content.map(contentText).join("")}</${name}>`;
}

/** A whole document without a namespace: errors are answered so. */
export function plainDocument(name: string, ...content: XmlContent[]): string {
  return declaration + element(name, ...content).text;
}

export const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** ISO 8601 in UTC. S3 keeps whole seconds and prints `.000`; the same instant must come out of HEAD and of a listing. */
export function xmlTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (lastTime.second !== second) lastTime = { second, text: new Date(second * 1000).toISOString() };
  return lastTime.text;
}

/** Neighbours in a listing were often written in the same second. */
let lastTime = { second: Number.NaN, text: "" };

function contentText(content: XmlContent): string {
  if (content === undefined) return "";
  if (content instanceof Xml) return content.text;
  if (typeof content === "object") return content.map((part) => part.text).join("");
  return escapeText(String(content));
}

const ESCAPED = /[&<>"\x00-\x08\x0b-\x1f\ufffe\uffff]/;
const EACH_ESCAPED = new RegExp(ESCAPED, "g");
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/**
 * Control characters become character references as at AWS. XML 1.0 knows no such references, so a strict parser refuses
 * them: that is why clients ask for `encoding-type=url`. A raw carriage return would be read as a line feed.
 */
export function escapeText(text: string): string {
  if (!ESCAPED.test(text)) return text;
  return text.replace(EACH_ESCAPED, (char) => escapes[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}
