import type { Answer } from "../../../edge/answer.ts";
import { element, optional, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { listObjects as listStored } from "../../../store/read/list.ts";
import { BUCKET_REGION } from "../gate/bucket-region.ts";
import type { Call } from "../handler.ts";
import { contentsElements } from "./contents.ts";
import {
  checkOptionalAttributes,
  invalidArgument,
  PAGE_ENTRIES_MAX,
  parseCount,
  parseEncoding,
  positionAfter,
} from "./parameters.ts";

/** GET /bucket: the first version of the listing, with markers. */
export async function listObjects(call: Call): Promise<Answer> {
  const { query, bucket, store } = call;
  const listType = query.get("list-type") ?? "";
  if (listType !== "") throw invalidArgument("list-type", listType, "Invalid List Type specified in the request");
  const encoding = parseEncoding(query);
  checkOptionalAttributes(call.headers);
  const maxKeys = Math.min(parseCount(query, "max-keys", PAGE_ENTRIES_MAX), PAGE_ENTRIES_MAX);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const marker = query.get("marker") ?? "";

  const after = positionAfter(marker, { prefix, delimiter });
  const page = await listStored(store, { bucket, prefix, delimiter, after, limit: maxKeys });
  // Without a delimiter AWS names no next marker: the last key serves as marker.
  const nextMarker = delimiter === "" ? undefined : page.next?.key;
  const body = xmlDocument(
    "ListBucketResult",
    element("Name", bucket),
    element("Prefix", encoding.encode(prefix)),
    element("Marker", encoding.encode(marker)),
    optional("NextMarker", nextMarker === undefined ? undefined : encoding.encode(nextMarker)),
    element("MaxKeys", maxKeys),
    optional("Delimiter", delimiter === "" ? undefined : encoding.encode(delimiter)),
    element("IsTruncated", page.truncated),
    optional("EncodingType", encoding.type),
    contentsElements(page.entries, encoding, true),
  );
  return { status: 200, headers: { [BUCKET_REGION]: page.region }, body };
}
