import { deleteMembership } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** A user who is no member is removed without an error, as a member is added twice without one. */
export const removeUserFromGroup = operation({
  fields: { GroupName: required(fields.groupName), UserName: required(fields.userName) },
  target: (call, { GroupName }) => entityTarget(call, "group", GroupName),
  async run(call, { UserName }, target) {
    const group = found(target);
    const user = found(await entityTarget(call, "user", UserName));
    await call.change([deleteMembership(group.id, user.id)]);
    return null;
  },
});
