import { fold, updateEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { entityArn } from "../model/arns.ts";
import { entityAlreadyExists } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** Its new name or path is a resource too: the caller must be allowed to update either. */
export const updateGroup = operation({
  fields: { GroupName: required(fields.groupName), NewGroupName: fields.newGroupName, NewPath: fields.newPath },
  target: (call, { GroupName }) => entityTarget(call, "group", GroupName),
  async run(call, { NewGroupName, NewPath }, target) {
    const group = found(target);
    const renamed = { ...group, name: NewGroupName ?? group.name, path: NewPath ?? group.path };
    const resource = entityArn(renamed);
    call.caller.demand([{ action: "iam:UpdateGroup", resource, resourceAccountId: null }]);
    if (fold(renamed.name) !== fold(group.name)) {
      const other = await call.identities.entities.find(call.account.id, "group", renamed.name);
      if (other !== null) throw entityAlreadyExists(`Group with name ${renamed.name} already exists.`);
    }
    await call.change([updateEntity(renamed)]);
    return null;
  },
});
