import { required } from "../../../protocols/aws-query/fields.ts";
import { versionDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { foundPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { managedVersionDocument } from "./managed-documents.ts";

export const listPolicyVersions = operation({
  fields: { PolicyArn: required(fields.arn), ...fields.page },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { Marker, MaxItems }, target) {
    if (target.managed) {
      return { Versions: [managedVersionDocument(target.managed, { withDocument: false })], IsTruncated: false };
    }
    const policy = foundPolicy(target);
    const limit = pageSize(MaxItems);
    const [before] = decodeMarker(Marker, 1) ?? [];
    const versions = await call.identities.policies.versions(policy.arn);
    const left = versions.filter(({ version }) => before === undefined || version < Number(before));
    const { rows, end } = cutPage(left, limit, ({ version }) => [`${version}`]);
    const documents = rows.map((row) => versionDocument(row, policy.defaultVersion, { withDocument: false }));
    return { Versions: documents, ...end };
  },
});
