import { count } from "../../../metadata/identities/accounts.ts";
import { addVersion } from "../../../metadata/identities/policies.ts";
import { flag, required } from "../../../protocols/aws-query/fields.ts";
import { checkManagedPolicy } from "../model/check-policy.ts";
import { versionDocument } from "../model/documents.ts";
import { limitExceeded } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { quotas } from "../model/quotas.ts";
import { ownPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const createPolicyVersion = operation({
  fields: {
    PolicyArn: required(fields.arn),
    PolicyDocument: required(fields.policyDocument),
    SetAsDefault: flag(),
  },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { PolicyDocument: document, SetAsDefault: isDefault = false }, target) {
    const policy = ownPolicy(target);
    checkManagedPolicy(document);
    const versions = await call.identities.policies.versions(policy.arn);
    if (versions.length >= quotas.versionsPerPolicy) {
      throw limitExceeded(
        `A managed policy can have up to ${quotas.versionsPerPolicy} versions. Before you create a new version, you must delete an ` +
          "existing version.",
      );
    }
    const version = { version: policy.lastVersion + 1, createdMs: call.nowMs, document };
    await call.change([...addVersion(policy.arn, version, { isDefault }), count(call.account.id, "policyVersions", 1)]);
    const defaultVersion = isDefault ? version.version : policy.defaultVersion;
    return { PolicyVersion: versionDocument(version, defaultVersion, { withDocument: false }) };
  },
});
