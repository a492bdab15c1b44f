import { childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { element, type Xml } from "../../../protocols/rest-xml/write.ts";
import { S3Error } from "../errors/error.ts";

/** In the order in which S3 answers them. */
const SETTINGS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;

/**
 * What of public access a bucket must not have. Nothing is public here, whatever these say: each is kept by itself, and whoever
 * makes something public must look at them first.
 */
export type PublicAccessBlock = Record<(typeof SETTINGS)[number], boolean>;

/** Those that are absent are off. Throws MalformedXML. */
export function parsePublicAccessBlock(root: XmlElement): PublicAccessBlock {
  const settings = SETTINGS.map((name) => [name, parseFlag(childText(root, name))] as const);
  return Object.fromEntries(settings) as PublicAccessBlock;
}

function parseFlag(text = "false"): boolean {
  const flag = text.trim().toLowerCase();
  if (flag === "true" || flag === "false") return flag === "true";
  throw new S3Error("MalformedXML");
}

export function publicAccessElements(block: PublicAccessBlock): Xml[] {
  return SETTINGS.map((name) => element(name, block[name]));
}
