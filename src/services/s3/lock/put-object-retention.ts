import { putRetention } from "../../../store/write/amend.ts";
import { readDocument } from "../body/document.ts";
import type { Handler } from "../handler.ts";
import { versionOf } from "../objects/version-id.ts";
import { parseBypassGovernance } from "./bypass-governance.ts";
import { parseRetention } from "./documents.ts";

/**
 * PutObjectRetention. Present protection can be extended; in governance mode, with a bypass, also
 * loosened.
 */
export const putObjectRetention: Handler = async (call) => {
  const { bucket, key, query, headers, store } = call;
  const version = versionOf(query);
  const change = parseRetention(await readDocument(call, "Retention"), store.clock.now());
  const bypassGovernance = parseBypassGovernance(headers) ?? false;
  call.gate.body.retention = change;
  await putRetention(store, { bucket, key, ...version }, { ...change, bypassGovernance });
  return { status: 200 };
};
