import { putRetention } from "../../store/amend.ts";
import type { Handler } from "../handler.ts";
import { parseRetention } from "../lock/documents.ts";
import { parseBypassGovernance } from "../objects/bypass-governance.ts";
import { readDocument } from "../objects/document.ts";
import { versionOf } from "../objects/version-id.ts";

/** PutObjectRetention. Whatever protects a version now can be extended; in governance mode, and with a bypass, also loosened. */
export const putObjectRetention: Handler = async (call) => {
  const { bucket, key, query, headers, store } = call;
  const version = versionOf(query);
  const retention = parseRetention(await readDocument(call, "Retention"), store.clock.now());
  const bypassGovernance = parseBypassGovernance(headers) ?? false;
  await putRetention(store, { bucket, key, ...version }, { retention, bypassGovernance });
  return { status: 200 };
};
