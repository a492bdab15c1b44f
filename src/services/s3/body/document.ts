import { readXml, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape, type XmlShape } from "../../../protocols/rest-xml/shape.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { readBody } from "./request-body.ts";

/** More than any configuration needs, and little enough to parse. */
const DOCUMENT_MAX_BYTES = 64 * 1024;

/**
 * The XML document that a request brings, of `maxBytes` at most, if it holds nothing but what `shape` names. Throws MissingRequestBodyError, MalformedXML,
 * and what `readBody` throws.
 */
export async function readDocument(
  call: Call,
  rootName: string,
  shape?: XmlShape,
  { maxBytes = DOCUMENT_MAX_BYTES } = {},
): Promise<XmlElement> {
  const bytes = await readBody(call, maxBytes);
  if (bytes.length === 0) throw new S3Error("MissingRequestBodyError");
  const root = readXml(bytes, rootName);
  if (shape !== undefined) requireShape(root, shape);
  return root;
}
