import type { XmlElement } from "../protocols/rest-xml/read.ts";
import { LIFECYCLE_DOCUMENT } from "./document.ts";
import { malformed } from "./refused.ts";

/** Members that are lists in the API, by the element that each of their entries is in the document. */
const LISTS: Readonly<Record<string, string>> = {
  Rules: "Rule",
  Tags: "Tag",
  Transitions: "Transition",
  NoncurrentVersionTransitions: "NoncurrentVersionTransition",
};
const DEPTH_MAX = 8;

/**
 * A configuration as the API has it, in JSON (`{"Rules": […]}`, what `aws s3api put-bucket-lifecycle-configuration` takes), as the
 * document that is sent for it. Throws `LifecycleRefused` MalformedXML for what could be in no document.
 */
export function lifecycleFromJson(value: unknown): XmlElement {
  return elementOf(LIFECYCLE_DOCUMENT, value, 0);
}

function elementOf(name: string, value: unknown, depth: number): XmlElement {
  if (typeof value === "string") return { name, text: value, children: [] };
  if (typeof value === "number" || typeof value === "boolean") return { name, text: String(value), children: [] };
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > DEPTH_MAX) throw malformed();
  const children = Object.entries(value).flatMap(([member, inner]) => {
    const entry = Object.hasOwn(LISTS, member) ? LISTS[member] : undefined;
    if (entry === undefined) return [elementOf(member, inner, depth + 1)];
    if (!Array.isArray(inner)) throw malformed();
    return inner.map((one) => elementOf(entry, one, depth + 1));
  });
  return { name, text: "", children };
}
