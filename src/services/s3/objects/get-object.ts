import { openObject } from "../../../store/read/objects.ts";
import { wantsChecksum } from "../body/checksums.ts";
import { customerKey } from "../encryption/customer-key.ts";
import { requireNoEncryption } from "../encryption/headers.ts";
import type { Handler } from "../handler.ts";
import { expirationOf } from "../lifecycle/expiration-of.ts";
import { responseOverrides } from "./attributes.ts";
import { checkReadConditions, ifRangeHolds } from "./conditions.ts";
import { objectHeaders } from "./object-headers.ts";
import { parseRangeRequest, readHint, selectRange } from "./range.ts";
import { versionOf } from "./version-id.ts";
import { visibleHead } from "./visible-head.ts";

/** GetObject: conditions, one range or one part, response-* overrides, the checksum on request. */
export const getObject: Handler = async (call) => {
  const { bucket, key, query, headers } = call;
  const version = versionOf(query);
  const asked = parseRangeRequest(headers.get("Range"), query.get("partNumber"));
  const overrides = responseOverrides(query, call.principal.kind !== "anonymous");
  const hint = readHint(asked);
  requireNoEncryption(headers);
  const name = { bucket, key, ...version, customerKey: customerKey(call) };
  const object = await openObject(call.store, { ...name, ...(hint && { hint }) });
  checkReadConditions(headers, object.head);
  const request = ifRangeHolds(headers, object.head) ? asked : ({ kind: "whole" } as const);
  const selection = selectRange(request, object.head);
  const body = await object.read(selection);
  const read = { request, selection, withChecksum: wantsChecksum(headers), nowMs: call.store.clock.now() };
  return {
    status: selection.status,
    headers: {
      ...objectHeaders(visibleHead(call, object), read),
      ...expirationOf(call, object),
      ...overrides,
    },
    body,
  };
};
