import { readXml, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape, type XmlShape } from "../../../protocols/rest-xml/shape.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { readBody } from "./request-body.ts";

/** More than any configuration needs, and small enough to parse. */
const DOCUMENT_MAX_BYTES = 64 * 1024;

/**
 * The XML document in a request, of at most `maxBytes`, if it has only elements of `shape`. Throws
 * MissingRequestBodyError, MalformedXML, and the errors of `readBody`.
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
