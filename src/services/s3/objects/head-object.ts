import { headObjectIn as findHead } from "../../../store/read/objects.ts";
import { wantsChecksum } from "../body/checksums.ts";
import { customerKey } from "../encryption/customer-key.ts";
import { requireNoEncryption } from "../encryption/headers.ts";
import type { Handler } from "../handler.ts";
import { expirationOf } from "../lifecycle/expiration-of.ts";
import { responseOverrides } from "./attributes.ts";
import { checkReadConditions, ifRangeHolds } from "./conditions.ts";
import { objectHeaders } from "./object-headers.ts";
import { parseRangeRequest, selectRange } from "./range.ts";
import { versionOf } from "./version-id.ts";
import { visibleHead } from "./visible-head.ts";

/** HeadObject: the answer of GetObject, without the bytes. */
export const headObject: Handler = async (call) => {
  const { bucket, key, query, headers, principal, store } = call;
  const version = versionOf(query);
  const asked = parseRangeRequest(headers.get("Range"), query.get("partNumber"));
  const overrides = responseOverrides(query, principal.kind !== "anonymous");
  requireNoEncryption(headers);
  const mustOpen = wantsChecksum(headers);
  const found = await findHead(store, { bucket, key, ...version, customerKey: customerKey(call), mustOpen });
  const { head } = found;
  checkReadConditions(headers, head);
  const request = ifRangeHolds(headers, head) ? asked : ({ kind: "whole" } as const);
  const selection = selectRange(request, head);
  const read = { request, selection, withChecksum: wantsChecksum(headers), nowMs: store.clock.now() };
  return {
    status: selection.status,
    headers: {
      ...objectHeaders(visibleHead(call, found), read),
      ...expirationOf(call, found),
      ...overrides,
      "Content-Length": String(selection.length),
    },
  };
};
