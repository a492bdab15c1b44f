import { bindPrincipals } from "../../../auth/policy-principals.ts";
import { updateEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { checkTrustPolicy } from "../model/check-policy.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const updateAssumeRolePolicy = operation({
  fields: { RoleName: required(fields.roleName), PolicyDocument: required(fields.policyDocument) },
  target: (call, { RoleName }) => entityTarget(call, "role", RoleName),
  async run(call, { PolicyDocument }, target) {
    const role = found(target);
    checkTrustPolicy(PolicyDocument);
    const trust = await bindPrincipals(call.identities.entities, PolicyDocument);
    await call.change([updateEntity({ ...role, trust })]);
    return null;
  },
});
