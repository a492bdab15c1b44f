import { required } from "../../../protocols/aws-query/fields.ts";
import { noSuchEntity } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { anything, entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** GetLoginProfile and DeleteLoginProfile: nobody can have a password here, so none is found. */
export const missingLoginProfile = operation({
  fields: { UserName: required(fields.userName) },
  target: (call, { UserName }) => entityTarget(call, "user", UserName),
  async run(_call, _input, target) {
    throw noSuchEntity(`Login Profile for User ${found(target).name} cannot be found.`);
  },
});

export const missingPasswordPolicy = operation({
  fields: {},
  target: anything,
  async run({ account }) {
    throw noSuchEntity(`The Password Policy with domain name ${account.id} cannot be found.`);
  },
});
