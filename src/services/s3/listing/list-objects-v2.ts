import type { Answer } from "../../../edge/answer.ts";
import { element, optional, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { type ListPosition, listObjects as listStored } from "../../../store/read/list.ts";
import { BUCKET_REGION } from "../gate/bucket-region.ts";
import type { Call } from "../handler.ts";
import { contentsElements } from "./contents.ts";
import { decodeToken, encodeToken } from "./continuation-token.ts";
import { checkOptionalAttributes, PAGE_ENTRIES_MAX, parseCount, parseEncoding, positionAfter } from "./parameters.ts";

/** GET /bucket?list-type=2: the listing with continuation tokens. */
export async function listObjectsV2(call: Call): Promise<Answer> {
  const { query, bucket, store } = call;
  const encoding = parseEncoding(query);
  checkOptionalAttributes(call.headers);
  const maxKeys = Math.min(parseCount(query, "max-keys", PAGE_ENTRIES_MAX), PAGE_ENTRIES_MAX);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const startAfter = query.get("start-after") ?? "";
  const token = query.get("continuation-token");

  // A token continues a page that start-after began: only the token counts.
  const after =
    token === null
      ? positionAfter(startAfter, { prefix, delimiter })
      : (decodeToken("ListObjectsV2", token) as ListPosition);
  const page = await listStored(store, { bucket, prefix, delimiter, after, limit: maxKeys });
  const next = page.next === undefined ? undefined : encodeToken("ListObjectsV2", page.next);
  const body = xmlDocument(
    "ListBucketResult",
    element("Name", bucket),
    element("Prefix", encoding.encode(prefix)),
    optional("NextContinuationToken", next),
    optional("ContinuationToken", token ?? undefined),
    optional("StartAfter", startAfter === "" ? undefined : encoding.encode(startAfter)),
    element("KeyCount", page.entries.length),
    element("MaxKeys", maxKeys),
    optional("Delimiter", delimiter === "" ? undefined : encoding.encode(delimiter)),
    element("IsTruncated", page.truncated),
    optional("EncodingType", encoding.type),
    contentsElements(page.entries, encoding, query.get("fetch-owner") === "true"),
  );
  return { status: 200, headers: { [BUCKET_REGION]: page.region }, body };
}
