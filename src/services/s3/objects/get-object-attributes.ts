import { element, optional, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { headObject } from "../../../store/read/objects.ts";
import type { ObjectChecksum, ObjectHead, PartSummary } from "../../../store/types.ts";
import { checksumElement } from "../body/checksums.ts";
import { customerKey } from "../encryption/customer-key.ts";
import { requireNoEncryption } from "../encryption/headers.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { PAGE_ENTRIES_MAX } from "../listing/parameters.ts";
import { formatHttpDate } from "./http-date.ts";
import { versionHeader, versionOf } from "./version-id.ts";
import { checksumElements } from "./write-answers.ts";

const HEADER = "x-amz-object-attributes";

interface PartsPage {
  /** Exclusive. */
  after: number;
  limit: number;
}

/** Form of each attribute; empty if the object does not have it. */
const ATTRIBUTES: Readonly<Record<string, (head: ObjectHead, page: PartsPage) => Xml>> = {
  // The only place where S3 writes an ETag without its quotes.
  ETag: ({ etag }) => element("ETag", etag),
  Checksum: ({ checksum }) => (checksum ? element("Checksum", checksumElements(withoutCount(checksum))) : NOTHING),
  ObjectParts: (head, page) => (head.parts ? partsElement(head.parts, head.checksum, page) : NOTHING),
  StorageClass: ({ storageClass }) => element("StorageClass", storageClass),
  ObjectSize: ({ sizeBytes }) => element("ObjectSize", sizeBytes),
};
const NOTHING = optional("", undefined);

/** GetObjectAttributes: the requested facts about a version, without its bytes. */
export const getObjectAttributes: Handler = async (call) => {
  const { bucket, key, query, headers, store } = call;
  requireNoEncryption(headers);
  const wanted = parseWanted(headers);
  const page = parsePage(headers);
  const asked = { bucket, key, ...versionOf(query), customerKey: customerKey(call) };
  const head = await headObject(store, { ...asked, mustOpen: wanted.has("Checksum") });
  const attributes = Object.entries(ATTRIBUTES).flatMap(([name, write]) => (wanted.has(name) ? write(head, page) : []));
  return {
    status: 200,
    headers: { "Last-Modified": formatHttpDate(head.modifiedMs), ...versionHeader(head.versionId) },
    body: xmlDocument("GetObjectAttributesResponse", attributes),
  };
};

function parseWanted(headers: Headers): Set<string> {
  const text = headers.get(HEADER)?.trim() ?? "";
  if (text === "") throw new S3Error("InvalidRequest", `Missing required header for this request: ${HEADER}`);
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(ATTRIBUTES, name));
  if (unknown === undefined) return new Set(names);
  const details = { ArgumentName: HEADER, ArgumentValue: unknown };
  throw new S3Error("InvalidArgument", "Invalid attribute name specified.", details);
}

/** S3 ignores an invalid count here. */
function parsePage(headers: Headers): PartsPage {
  const count = (name: string) => {
    const text = headers.get(name);
    return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
  };
  const limit = Math.min(count("x-amz-max-parts") ?? PAGE_ENTRIES_MAX, PAGE_ENTRIES_MAX);
  return { after: count("x-amz-part-number-marker") ?? 0, limit };
}

/** A composite checksum is printed here without the number of its parts. */
function withoutCount(checksum: ObjectChecksum): ObjectChecksum {
  return { ...checksum, value: checksum.value.replace(/-\d+$/, "") };
}

/** Parts are listed if they have checksums; otherwise S3 only counts them. */
function partsElement(parts: readonly PartSummary[], checksum: ObjectChecksum | undefined, page: PartsPage): Xml {
  const count = element("PartsCount", parts.length);
  if (!checksum || parts.every((part) => part.checksum === undefined)) return element("ObjectParts", count);
  const following = parts.filter(({ partNumber }) => partNumber > page.after);
  const listed = following.slice(0, page.limit);
  return element(
    "ObjectParts",
    count,
    element("PartNumberMarker", page.after),
    element("NextPartNumberMarker", listed.at(-1)?.partNumber ?? page.after),
    element("MaxParts", page.limit),
    element("IsTruncated", listed.length > 0 && following.length > listed.length),
    listed.map((part) =>
      element(
        "Part",
        element("PartNumber", part.partNumber),
        element("Size", part.sizeBytes),
        optional(checksumElement(checksum.algorithm), part.checksum),
      ),
    ),
  );
}
