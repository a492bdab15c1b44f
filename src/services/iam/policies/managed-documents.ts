import type { ManagedPolicy } from "../../../auth/policy/managed-policies.ts";
import type { QueryResult } from "../../../protocols/aws-query/answer.ts";
import { encodeDocument } from "../model/documents.ts";

/** AWS's own policies are part of this server, which knows one version of each. When AWS made the first of them stands for all. */
const MADE_MS = Date.UTC(2015, 1, 6, 18, 39, 46);

export interface PolicyUsage {
  readonly attachments: number;
  readonly boundaries: number;
}

/** One of AWS's own policies. */
export function managedPolicyDocument(policy: ManagedPolicy, usage: PolicyUsage): QueryResult {
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: "v1",
    AttachmentCount: usage.attachments,
    PermissionsBoundaryUsageCount: usage.boundaries,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: new Date(MADE_MS),
    UpdateDate: new Date(MADE_MS),
  };
}

export function managedVersionDocument(
  policy: ManagedPolicy,
  { withDocument }: { withDocument: boolean },
): QueryResult {
  return {
    Document: withDocument ? encodeDocument(policy.document) : undefined,
    VersionId: "v1",
    IsDefaultVersion: true,
    CreateDate: new Date(MADE_MS),
  };
}
