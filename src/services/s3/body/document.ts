import { readXml, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { readBody } from "./request-body.ts";

/** More than any configuration needs, and little enough to parse. */
const DOCUMENT_MAX_BYTES = 64 * 1024;

/** The XML document that a request brings. Throws MissingRequestBodyError, MalformedXML, and what `readBody` throws. */
export async function readDocument(call: Call, rootName: string): Promise<XmlElement> {
  const bytes = await readBody(call, DOCUMENT_MAX_BYTES);
  if (bytes.length === 0) throw new S3Error("MissingRequestBodyError");
  return readXml(bytes, rootName);
}
