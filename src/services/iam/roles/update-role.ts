import { type EntityRow, updateEntity } from "../../../metadata/identities/entities.ts";
import { notBuilt, required } from "../../../protocols/aws-query/fields.ts";
import { roleDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { withShownTrust } from "../model/trust.ts";
import { operation } from "../operation.ts";

/** What is left out stays as it is. */
export const updateRole = operation({
  fields: {
    RoleName: required(fields.roleName),
    Description: fields.description,
    MaxSessionDuration: fields.maxSessionDuration,
    MaxSigninSessionDuration: notBuilt(),
    ResetMaxSigninSessionDuration: notBuilt(),
  },
  target: (call, { RoleName }) => entityTarget(call, "role", RoleName),
  async run(call, { Description, MaxSessionDuration }, target) {
    const role = found(target);
    const maxSessionSeconds = MaxSessionDuration ?? role.maxSessionSeconds;
    await call.change([updateEntity({ ...role, description: Description ?? role.description, maxSessionSeconds })]);
    return {};
  },
});

export const updateRoleDescription = operation({
  fields: { RoleName: required(fields.roleName), Description: required(fields.description) },
  target: (call, { RoleName }) => entityTarget(call, "role", RoleName),
  async run(call, { Description }, target) {
    const role = { ...found(target), description: Description };
    await call.change([updateEntity(role)]);
    const [shown] = await withShownTrust(call, [role]);
    return { Role: roleDocument(shown as EntityRow) };
  },
});
