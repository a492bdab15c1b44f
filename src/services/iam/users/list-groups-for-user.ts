import { required } from "../../../protocols/aws-query/fields.ts";
import { groupDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const listGroupsForUser = operation({
  fields: { UserName: required(fields.userName), ...fields.page },
  target: (call, { UserName }) => entityTarget(call, "user", UserName),
  async run({ identities }, { Marker, MaxItems }, target) {
    const limit = pageSize(MaxItems);
    const [after = ""] = decodeMarker(Marker, 1) ?? [];
    const groups = await identities.entities.groupsOf(found(target).id, after, limit);
    const { rows, end } = cutPage(groups, limit, ({ id }) => [id]);
    return { Groups: rows.map(groupDocument), ...end };
  },
});
