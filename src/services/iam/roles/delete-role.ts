import { count } from "../../../metadata/identities/accounts.ts";
import { deleteEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { deleteConflict } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** Its sessions are void at once: their tokens name the role's id, which is never reused. */
export const deleteRole = operation({
  fields: { RoleName: required(fields.roleName) },
  target: (call, { RoleName }) => entityTarget(call, "role", RoleName),
  async run(call, _, target) {
    const role = found(target);
    const left = await call.identities.entities.dependents(role.id);
    if (left.attached) throw deleteConflict("Cannot delete entity, must detach all policies first.");
    if (left.inline) throw deleteConflict("Cannot delete entity, must delete policies first.");
    await call.change([deleteEntity(role.id), count(call.account.id, "roles", -1)]);
    return null;
  },
});
