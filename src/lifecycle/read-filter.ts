import { child, childrenOf, childText, type XmlElement } from "../protocols/rest-xml/read.ts";
import type { LifecycleFilter, LifecycleTag } from "./configuration.ts";
import { invalidArgument, invalidRequest, LifecycleRefused, malformed } from "./refused.ts";

const PREFIX_BYTES_MAX = 1024;
/** An object has no more tags than that. */
const TAGS_MAX = 10;
const TAG_KEY_CHARACTERS_MAX = 128;
const TAG_VALUE_CHARACTERS_MAX = 256;
/** As S3's message has it; objects may be larger here, and a rule for those above it says so by ObjectSizeGreaterThan. */
const SIZE_BYTES_MAX = 1_099_511_627_776_000;

/**
 * Reads what a rule is about: Filter, or the Prefix of the old form. Throws `LifecycleRefused` MalformedXML where both or neither are
 * there, or a Filter has more than one predicate without And; InvalidRequest for sizes and tags that cannot be.
 */
export function readFilter(rule: XmlElement): LifecycleFilter {
  const filter = child(rule, "Filter");
  const prefix = childText(rule, "Prefix");
  if ((filter === undefined) === (prefix === undefined)) throw malformed();
  if (filter === undefined) return { form: "prefix", prefix: checkedPrefix(prefix as string) };
  const and = child(filter, "And");
  if (and === undefined) {
    if (filter.children.length > 1) throw malformed();
    return { form: "one", ...predicates(filter) };
  }
  // An And of one predicate is none.
  if (filter.children.length > 1 || and.children.length < 2) throw malformed();
  return { form: "and", ...predicates(and) };
}

function predicates(parent: XmlElement): Omit<LifecycleFilter, "form"> {
  const prefix = childText(parent, "Prefix");
  const largerThan = readSize(parent, "ObjectSizeGreaterThan", 0);
  const smallerThan = readSize(parent, "ObjectSizeLessThan", 1);
  if (largerThan !== undefined && smallerThan !== undefined && smallerThan <= largerThan) {
    throw invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.");
  }
  const tags = readTags(parent);
  return {
    ...(prefix !== undefined && { prefix: checkedPrefix(prefix) }),
    ...(tags.length > 0 && { tags }),
    ...(largerThan !== undefined && { largerThan }),
    ...(smallerThan !== undefined && { smallerThan }),
  };
}

function checkedPrefix(prefix: string): string {
  if (new TextEncoder().encode(prefix).length > PREFIX_BYTES_MAX) {
    throw invalidArgument("The maximum size of a prefix is 1024.", "Prefix", prefix);
  }
  return prefix;
}

function readSize(parent: XmlElement, name: string, least: number): number | undefined {
  const text = childText(parent, name)?.trim();
  if (text === undefined) return undefined;
  if (!/^-?\d{1,18}$/.test(text)) throw malformed();
  const bytes = Number(text);
  if (bytes < least || bytes > SIZE_BYTES_MAX) {
    throw invalidRequest(`'${name}' should be between ${least} and ${SIZE_BYTES_MAX}.`);
  }
  return bytes;
}

function readTags(parent: XmlElement): LifecycleTag[] {
  const tags = childrenOf(parent, "Tag").map((tag): LifecycleTag => {
    const key = childText(tag, "Key");
    // S3 User Guide: a rule may be about a tag of any name and no value.
    const value = childText(tag, "Value") ?? "";
    if (key === undefined) throw malformed();
    if (key === "" || key.length > TAG_KEY_CHARACTERS_MAX) {
      throw invalidRequest("The TagKey you have provided is invalid");
    }
    if (value.length > TAG_VALUE_CHARACTERS_MAX) throw invalidRequest("The TagValue you have provided is invalid");
    return [key, value];
  });
  if (tags.length > TAGS_MAX) throw new LifecycleRefused("InvalidRequest", "Object tags cannot be greater than 10");
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw invalidRequest("Duplicate Tag Keys are not allowed.");
  }
  return tags;
}
