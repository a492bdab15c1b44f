import { headObject as findHead } from "../../../store/read/objects.ts";
import { wantsChecksum } from "../body/checksums.ts";
import type { Handler } from "../handler.ts";
import { responseOverrides } from "./attributes.ts";
import { checkReadConditions, ifRangeHolds } from "./conditions.ts";
import { objectHeaders } from "./object-headers.ts";
import { parseRangeRequest, selectRange } from "./range.ts";
import { versionOf } from "./version-id.ts";

/** HeadObject: what GetObject would answer, without the bytes. */
export const headObject: Handler = async ({ bucket, key, query, headers, principal, store }) => {
  const version = versionOf(query);
  const asked = parseRangeRequest(headers.get("Range"), query.get("partNumber"));
  const overrides = responseOverrides(query, principal.kind !== "anonymous");
  const head = await findHead(store, { bucket, key, ...version });
  checkReadConditions(headers, head);
  const request = ifRangeHolds(headers, head) ? asked : ({ kind: "whole" } as const);
  const selection = selectRange(request, head);
  const read = { request, selection, withChecksum: wantsChecksum(headers) };
  return {
    status: selection.status,
    headers: { ...objectHeaders(head, read), ...overrides, "Content-Length": String(selection.length) },
  };
};
