import { insertMembership } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { quotaExceeded } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { quotas } from "../model/quotas.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const addUserToGroup = operation({
  fields: { GroupName: required(fields.groupName), UserName: required(fields.userName) },
  target: (call, { GroupName }) => entityTarget(call, "group", GroupName),
  async run(call, { UserName }, target) {
    const group = found(target);
    const user = found(await entityTarget(call, "user", UserName));
    const groups = await call.identities.entities.groupsOf(user.id, "", quotas.groupsPerUser);
    if (groups.some(({ id }) => id === group.id)) return null;
    if (groups.length >= quotas.groupsPerUser) throw quotaExceeded("GroupsPerUser", quotas.groupsPerUser);
    await call.change([insertMembership(group.id, user.id)]);
    return null;
  },
});
