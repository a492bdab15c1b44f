import { required } from "../../../protocols/aws-query/fields.ts";
import { versionDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { foundPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { managedVersionDocument } from "./managed-documents.ts";
import { missingVersion, versionNumber } from "./version-id.ts";

export const getPolicyVersion = operation({
  fields: { PolicyArn: required(fields.arn), VersionId: required(fields.versionId) },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { VersionId }, target) {
    const number = versionNumber(VersionId);
    if (target.managed) {
      if (number !== 1) throw missingVersion(target.arn, VersionId);
      return { PolicyVersion: managedVersionDocument(target.managed, { withDocument: true }) };
    }
    const policy = foundPolicy(target);
    const versions = await call.identities.policies.versions(policy.arn);
    const version = versions.find((one) => one.version === number);
    if (version === undefined) throw missingVersion(policy.arn, VersionId);
    return { PolicyVersion: versionDocument(version, policy.defaultVersion, { withDocument: true }) };
  },
});
