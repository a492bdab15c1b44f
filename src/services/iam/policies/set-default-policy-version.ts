import { setDefaultVersion } from "../../../metadata/identities/policies.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { ownPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { missingVersion, versionNumber } from "./version-id.ts";

export const setDefaultPolicyVersion = operation({
  fields: { PolicyArn: required(fields.arn), VersionId: required(fields.versionId) },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { VersionId }, target) {
    const { arn } = ownPolicy(target);
    const number = versionNumber(VersionId);
    const versions = await call.identities.policies.versions(arn);
    if (!versions.some(({ version }) => version === number)) throw missingVersion(arn, VersionId);
    await call.change([setDefaultVersion(arn, number, call.nowMs)]);
    return null;
  },
});
