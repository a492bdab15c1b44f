import { required } from "../../../protocols/aws-query/fields.ts";
import { groupDocument, listedUser } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const getGroup = operation({
  fields: { GroupName: required(fields.groupName), ...fields.page },
  target: (call, { GroupName }) => entityTarget(call, "group", GroupName),
  async run({ identities }, { Marker, MaxItems }, target) {
    const group = found(target);
    const limit = pageSize(MaxItems);
    const [after = ""] = decodeMarker(Marker, 1) ?? [];
    const { rows, end } = cutPage(await identities.entities.usersOf(group.id, after, limit), limit, ({ id }) => [id]);
    return { Group: groupDocument(group), Users: rows.map(listedUser), ...end };
  },
});
