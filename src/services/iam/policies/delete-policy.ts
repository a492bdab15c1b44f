import { count } from "../../../metadata/identities/accounts.ts";
import { deletePolicyRows } from "../../../metadata/identities/policies.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { deleteConflict } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { ownPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { usageOf } from "./usage.ts";

export const deletePolicy = operation({
  fields: { PolicyArn: required(fields.arn) },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, _, target) {
    const { arn } = ownPolicy(target);
    const { attachments, boundaries } = (await usageOf(call, [arn]))(arn);
    if (attachments > 0 || boundaries > 0) throw deleteConflict("Cannot delete a policy attached to entities.");
    const versions = await call.identities.policies.versions(arn);
    if (versions.length > 1) {
      throw deleteConflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
          "The default version is deleted with the policy.",
      );
    }
    await call.change([
      ...deletePolicyRows(arn),
      count(call.account.id, "policies", -1),
      count(call.account.id, "policyVersions", -1),
    ]);
    return null;
  },
});
