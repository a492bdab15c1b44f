import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { Tags } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";

/** S3's limits, in UTF-16 units as S3 counts them. */
const KEY_CHARACTERS_MAX = 128;
const VALUE_CHARACTERS_MAX = 256;
/** "Letters, white space, and numbers representable in UTF-8, and the following characters: + - = . _ : / @". */
const ALLOWED = /^[\p{L}\p{Z}\p{N}+\-=._:/@]*$/u;
const RESERVED = /^aws:/i;

/** A tagged resource, and S3's errors for tags that it cannot have. */
interface Tagged {
  readonly tagsMax: number;
  readonly tooMany: string;
  readonly reserved: string;
}

export const OBJECT_TAGS: Tagged = {
  tagsMax: 10,
  tooMany: "Object tags cannot be greater than 10",
  reserved: "Your TagKey cannot be prefixed with aws:",
};
export const BUCKET_TAGS: Tagged = {
  tagsMax: 50,
  tooMany: "Bucket tag count cannot be greater than 50",
  reserved: "System tags cannot be added/updated by requester",
};

/** Schema of `<Tagging>`, and of lists of tags elsewhere. */
export const TAG_LIST_SHAPE = { Tag: { Key: "text", Value: "text" } } as const;
export const TAGGING_SHAPE = { TagSet: TAG_LIST_SHAPE } as const;

/** Reads `<Tagging>`. Throws MalformedXML, InvalidTag, and BadRequest for too many. */
export function parseTagging(tagging: XmlElement, tagged: Tagged): Tags {
  const tagSet = child(tagging, "TagSet");
  if (tagSet === undefined) throw new S3Error("MalformedXML");
  return parseTagList(tagSet, tagged);
}

/** Reads the `<Tag>`s of an element. Throws as `parseTagging` does. */
export function parseTagList(list: XmlElement, tagged: Tagged): Tags {
  const tags = childrenOf(list, "Tag").map((tag): [string, string] => {
    const key = childText(tag, "Key");
    const value = childText(tag, "Value");
    if (key === undefined || value === undefined) throw new S3Error("MalformedXML");
    return [key, value];
  });
  checkTags(tags, tagged);
  const keys = new Set<string>();
  for (const [key] of tags) {
    if (keys.has(key)) throw invalidTag("Cannot provide multiple Tags with the same key", key);
    keys.add(key);
  }
  return tags;
}

const HEADER = "x-amz-tagging";
const HEADER_FORM =
  "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";

/**
 * Reads x-amz-tagging: URL-encoded query parameters. Undefined if there is no such header. Throws
 * InvalidArgument if it is malformed or names a tag twice; otherwise as `parseTagging` does.
 */
export function parseTaggingHeader(headers: Headers): Tags | undefined {
  const text = headers.get(HEADER);
  return text === null ? undefined : parseTaggingText(text);
}

/** The same for the header's value from any place. */
function parseTaggingText(text: string): Tags {
  const malformed = () => new S3Error("InvalidArgument", HEADER_FORM, { ArgumentName: HEADER, ArgumentValue: text });
  const parameters = text.split("&").filter((parameter) => parameter !== "");
  const tags = parameters.map((parameter): [string, string] => {
    const [key = "", value = "", ...more] = parameter.split("=").map(decodeParameter);
    if (key === null || value === null || key === "" || more.length > 0) throw malformed();
    return [key, value];
  });
  if (new Set(tags.map(([key]) => key)).size < tags.length) throw malformed();
  checkTags(tags, OBJECT_TAGS);
  return tags;
}

function decodeParameter(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** Throws InvalidTag, and BadRequest for too many. */
export function checkTags(tags: Tags, { tagsMax, tooMany, reserved }: Tagged): void {
  if (tags.length > tagsMax) throw new S3Error("BadRequest", tooMany);
  for (const [key, value] of tags) {
    if (RESERVED.test(key)) throw invalidTag(reserved, key);
    if (key === "" || key.length > KEY_CHARACTERS_MAX || !ALLOWED.test(key)) {
      throw invalidTag("The TagKey you have provided is invalid", key);
    }
    if (value.length > VALUE_CHARACTERS_MAX || !ALLOWED.test(value)) {
      throw invalidTag("The TagValue you have provided is invalid", key, value);
    }
  }
}

function invalidTag(message: string, key: string, value?: string): S3Error {
  return new S3Error("InvalidTag", message, { TagKey: key, ...(value !== undefined && { TagValue: value }) });
}

/** `<Tagging>`, as it was set. */
export function taggingDocument(tags: Tags): string {
  const elements = tags.map(([key, value]) => element("Tag", element("Key", key), element("Value", value)));
  return xmlDocument("Tagging", element("TagSet", elements));
}
