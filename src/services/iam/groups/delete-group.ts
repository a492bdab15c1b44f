import { count } from "../../../metadata/identities/accounts.ts";
import { deleteEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { deleteConflict } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const deleteGroup = operation({
  fields: { GroupName: required(fields.groupName) },
  target: (call, { GroupName }) => entityTarget(call, "group", GroupName),
  async run(call, _, target) {
    const group = found(target);
    const left = await call.identities.entities.dependents(group.id);
    if (left.users) throw deleteConflict("Cannot delete entity, must remove users from group first.");
    if (left.attached) throw deleteConflict("Cannot delete entity, must detach all policies first.");
    if (left.inline) throw deleteConflict("Cannot delete entity, must delete policies first.");
    await call.change([deleteEntity(group.id), count(call.account.id, "groups", -1)]);
    return null;
  },
});
