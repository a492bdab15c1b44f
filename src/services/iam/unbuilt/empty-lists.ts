import type { QueryResult } from "../../../protocols/aws-query/answer.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { anything, entityTarget, found, keyOwner } from "../model/targets.ts";
import { type IamOperation, operation } from "../operation.ts";

/**
 * Lists of what cannot be made here, so there is none. Tools ask for them before they delete a user or role, and an honest
 * empty list lets them go on.
 */
function nothing(member: string): QueryResult {
  return { [member]: [], IsTruncated: false };
}

/** Of a user, the caller itself by default. */
export function noneOfUser(member: string): IamOperation {
  return operation({
    fields: { UserName: fields.userName, ...fields.page },
    target: (call, { UserName }) => keyOwner(call, UserName),
    async run(_call, _input, { user }) {
      if (user !== null) found(user);
      return nothing(member);
    },
  });
}

/** Of the account. */
export function noneOfAccount(member: string): IamOperation {
  return operation({ fields: fields.page, target: anything, run: async () => nothing(member) });
}

export const listInstanceProfilesForRole = operation({
  fields: { RoleName: required(fields.roleName), ...fields.page },
  target: (call, { RoleName }) => entityTarget(call, "role", RoleName),
  async run(_call, _input, target) {
    found(target);
    return nothing("InstanceProfiles");
  },
});
