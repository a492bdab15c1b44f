import { count } from "../../../metadata/identities/accounts.ts";
import { deleteEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { deleteConflict } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const deleteUser = operation({
  fields: { UserName: required(fields.userName) },
  target: (call, { UserName }) => entityTarget(call, "user", UserName),
  async run(call, _, target) {
    const user = found(target);
    const left = await call.identities.entities.dependents(user.id);
    if (left.keys) throw deleteConflict("Cannot delete entity, must delete access keys first.");
    if (left.groups) throw deleteConflict("Cannot delete entity, must remove user from group first.");
    if (left.attached) throw deleteConflict("Cannot delete entity, must detach all policies first.");
    if (left.inline) throw deleteConflict("Cannot delete entity, must delete policies first.");
    await call.change([deleteEntity(user.id), count(call.account.id, "users", -1)]);
    return null;
  },
});
