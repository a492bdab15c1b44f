import { count } from "../../../metadata/identities/accounts.ts";
import { deleteVersion } from "../../../metadata/identities/policies.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { deleteConflict } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { ownPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { missingVersion, versionNumber } from "./version-id.ts";

export const deletePolicyVersion = operation({
  fields: { PolicyArn: required(fields.arn), VersionId: required(fields.versionId) },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { VersionId }, target) {
    const { arn, defaultVersion } = ownPolicy(target);
    const number = versionNumber(VersionId);
    const versions = await call.identities.policies.versions(arn);
    if (!versions.some(({ version }) => version === number)) throw missingVersion(arn, VersionId);
    if (number === defaultVersion) throw deleteConflict("Cannot delete the default version of a policy.");
    await call.change([deleteVersion(arn, number), count(call.account.id, "policyVersions", -1)]);
    return null;
  },
});
