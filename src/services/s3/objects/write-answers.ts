import { element, optional, type Xml, xmlTime } from "../../../protocols/rest-xml/write.ts";
import type { ObjectChecksum } from "../../../store/types.ts";
import { checksumElement, checksumTypeName } from "../body/checksums.ts";
import { quoteEtag } from "./etag.ts";

/** The checksum elements in XML. Only objects have a type, not parts. */
export function checksumElements(
  checksum: Pick<ObjectChecksum, "algorithm" | "value"> & { type?: ObjectChecksum["type"] },
): Xml[] {
  const { algorithm, value, type } = checksum;
  return [element(checksumElement(algorithm), value), optional("ChecksumType", type && checksumTypeName(type))];
}

/** Common elements of CopyObjectResult and CopyPartResult. */
export function copyResult(
  copied: { etag: string; modifiedMs: number },
  checksum: Parameters<typeof checksumElements>[0] | undefined,
): Xml[] {
  return [
    element("LastModified", xmlTime(copied.modifiedMs)),
    element("ETag", quoteEtag(copied.etag)),
    ...(checksum ? checksumElements(checksum) : []),
  ];
}
