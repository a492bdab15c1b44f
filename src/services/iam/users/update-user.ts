import { fold, updateEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { entityArn } from "../model/arns.ts";
import { entityAlreadyExists } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** Its new name or path is a resource too: the caller must be allowed to update either. */
export const updateUser = operation({
  fields: { UserName: required(fields.userName), NewUserName: fields.newUserName, NewPath: fields.newPath },
  target: (call, { UserName }) => entityTarget(call, "user", UserName),
  async run(call, { NewUserName, NewPath }, target) {
    const user = found(target);
    const renamed = { ...user, name: NewUserName ?? user.name, path: NewPath ?? user.path };
    const resource = entityArn(renamed);
    call.caller.demand([{ action: "iam:UpdateUser", resource, resourceAccountId: null }]);
    if (fold(renamed.name) !== fold(user.name)) {
      const other = await call.identities.entities.find(call.account.id, "user", renamed.name);
      if (other !== null) throw entityAlreadyExists(`User with name ${renamed.name} already exists.`);
    }
    await call.change([updateEntity(renamed)]);
    return null;
  },
});
