import { childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { PublicAccessBlock } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";

/** In S3's order. */
const SETTINGS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;

const SHAPE = Object.fromEntries(SETTINGS.map((name) => [name, "text"])) as { [name: string]: "text" };

/** Absent settings are off. Throws MalformedXML. */
export function parsePublicAccessBlock(root: XmlElement): PublicAccessBlock {
  requireShape(root, SHAPE);
  const settings = SETTINGS.map((name) => [name, parseFlag(childText(root, name))] as const);
  return Object.fromEntries(settings) as unknown as PublicAccessBlock;
}

function parseFlag(text = "false"): boolean {
  const flag = text.trim().toLowerCase();
  if (flag === "true" || flag === "false") return flag === "true";
  throw new S3Error("MalformedXML");
}

export function publicAccessDocument(block: PublicAccessBlock): string {
  return xmlDocument("PublicAccessBlockConfiguration", ...SETTINGS.map((name) => element(name, block[name])));
}
