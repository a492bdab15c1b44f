import { childrenOf, childText, readXml, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import type { ChecksumAlgorithm } from "../../../store/types.ts";
import { CHECKSUM_ALGORITHMS, checksumElement, parseChecksumValue } from "../body/checksums.ts";
import { S3Error } from "../errors/error.ts";
import { unquoteEtag } from "../objects/etag.ts";
import { PART_NUMBER_MAX } from "./part-number.ts";

/** A part in the client's list for completing an upload. */
export interface ListedPart {
  readonly partNumber: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

const CHECKSUMS = Object.fromEntries(CHECKSUM_ALGORITHMS.map((name) => [checksumElement(name), "text" as const]));
const SHAPE = { Part: { PartNumber: "text", ETag: "text", ...CHECKSUMS } } as const;

/**
 * Reads the body of CompleteMultipartUpload. Throws MalformedXML (also for an empty list),
 * InvalidPartOrder if numbers do not ascend, InvalidArgument for a bad number or checksum.
 */
export function parsePartList(body: Uint8Array): ListedPart[] {
  const root = readXml(body, "CompleteMultipartUpload");
  requireShape(root, SHAPE);
  const parts = childrenOf(root, "Part").map(parsePart);
  if (parts.length === 0 || parts.length > PART_NUMBER_MAX) throw new S3Error("MalformedXML");
  for (let i = 1; i < parts.length; i++) {
    if (parts[i]!.partNumber <= parts[i - 1]!.partNumber) throw new S3Error("InvalidPartOrder");
  }
  return parts;
}

function parsePart(part: XmlElement): ListedPart {
  const etag = childText(part, "ETag");
  const number = childText(part, "PartNumber")?.trim();
  if (etag === undefined || number === undefined || !/^-?\d{1,10}$/.test(number)) throw new S3Error("MalformedXML");
  const partNumber = Number(number);
  if (partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    const message = partNumber < 1 ? "PartNumber must be >= 1" : `PartNumber must be <= ${PART_NUMBER_MAX}`;
    throw new S3Error("InvalidArgument", message, { ArgumentName: "PartNumber", ArgumentValue: number });
  }
  const checksum = parsePartChecksum(part);
  return { partNumber, etag: unquoteEtag(etag), ...(checksum && { checksum }) };
}

function parsePartChecksum(part: XmlElement): ListedPart["checksum"] {
  const found = CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = childText(part, checksumElement(algorithm))?.trim();
    return value === undefined ? [] : [{ algorithm, value }];
  });
  if (found.length > 1 || found.some(({ algorithm, value }) => parseChecksumValue(algorithm, value) === null)) {
    throw new S3Error("InvalidArgument", "Invalid Base64 or multiple checksums present in request", {
      ArgumentName: "Checksum",
    });
  }
  return found[0];
}
