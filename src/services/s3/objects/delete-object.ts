import { type DeletionResult, deleteObject as removeObject } from "../../../store/delete/delete.ts";
import type { Handler } from "../handler.ts";
import { parseBypassGovernance } from "../lock/bypass-governance.ts";
import { parseDeleteCondition } from "./delete-conditions.ts";
import { versionHeader, versionOf } from "./version-id.ts";

/**
 * DeleteObject: deletes a key, which leaves a delete marker if the bucket has versions, or one
 * version permanently. Deleting what does not exist succeeds.
 */
export const deleteObject: Handler = async ({ bucket, key, query, headers, store }) => {
  const version = versionOf(query);
  const condition = parseDeleteCondition(headers, version.versionId);
  const bypassGovernance = parseBypassGovernance(headers);
  const deletion = { bucket, key, ...version, ...(condition && { condition }), bypassGovernance };
  const result = await removeObject(store, deletion);
  return { status: 204, headers: deletionHeaders(result, version.versionId) };
};

function deletionHeaders({ deleteMarker, markerVersionId }: DeletionResult, versionId: string | undefined) {
  return {
    ...(deleteMarker && { "x-amz-delete-marker": "true" }),
    ...versionHeader(versionId ?? markerVersionId),
  };
}
