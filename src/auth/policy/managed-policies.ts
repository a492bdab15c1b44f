import { parsePolicy } from "./parse.ts";
import type { Policy } from "./policy.ts";

/** One of the policies that AWS keeps for every account. */
export interface ManagedPolicy {
  /** `arn:aws:iam::aws:policy/…` */
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  /** `ANPA…`, the one that the policy has at AWS. */
  readonly policyId: string;
  readonly description: string;
  /** JSON. */
  readonly document: string;
}

type Grant = { readonly Action: readonly string[] } | { readonly NotAction: readonly string[] };

function managed(name: string, policyId: string, description: string, grants: readonly Grant[]): ManagedPolicy {
  const Statement = grants.map((grant) => ({ Effect: "Allow", ...grant, Resource: "*" }));
  return {
    arn: `arn:aws:iam::aws:policy/${name}`,
    name,
    path: "/",
    policyId,
    description,
    document: JSON.stringify({ Version: "2012-10-17", Statement }, null, 4),
  };
}

/**
 * AWS's managed policies for the services that Sherd has, by name. They allow what AWS's allow as far as these services go; what AWS's say
 * of other services is left out.
 *
 * Follows the AWS Managed Policy Reference Guide.
 */
export const managedPolicies: readonly ManagedPolicy[] = [
  managed("AdministratorAccess", "ANPAIWMBCKSKIEE64ZLYK", "Provides full access to all services and resources.", [
    { Action: ["*"] },
  ]),
  managed("AmazonS3FullAccess", "ANPAIFIR6V6BVTRAHWINE", "Provides full access to all buckets.", [
    { Action: ["s3:*"] },
  ]),
  managed("AmazonS3ReadOnlyAccess", "ANPAIZTJ4DXE7G6AGAE6M", "Provides read only access to all buckets.", [
    { Action: ["s3:Get*", "s3:List*", "s3:Describe*"] },
  ]),
  managed("AmazonSNSFullAccess", "ANPAJWEKLCXXUNT2SOLSG", "Provides full access to all topics.", [
    { Action: ["sns:*"] },
  ]),
  managed("AmazonSNSReadOnlyAccess", "ANPAIZGQCQTFOFPMHSB6W", "Provides read only access to all topics.", [
    { Action: ["sns:Get*", "sns:List*", "sns:CheckIfPhoneNumberIsOptedOut"] },
  ]),
  managed("AmazonSQSFullAccess", "ANPAI65L554VRJ33ECQS6", "Provides full access to all queues.", [
    { Action: ["sqs:*"] },
  ]),
  managed("AmazonSQSReadOnlyAccess", "ANPAIUGSSQY362XGCM6KW", "Provides read only access to all queues.", [
    { Action: ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:List*"] },
  ]),
  managed("IAMFullAccess", "ANPAI7XKCFMBPM3QQRRVQ", "Provides full access to IAM.", [{ Action: ["iam:*"] }]),
  managed("IAMReadOnlyAccess", "ANPAJKSO7NDY4T57MWDSQ", "Provides read only access to IAM.", [
    {
      Action: [
        "iam:GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:Get*",
        "iam:List*",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
      ],
    },
  ]),
  managed("PowerUserAccess", "ANPAJYRXTHIB4FOVS3ZXS", "Provides full access to all services except IAM.", [
    { NotAction: ["iam:*", "organizations:*", "account:*"] },
    { Action: ["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles"] },
  ]),
  managed("ReadOnlyAccess", "ANPAILL3HVNFSB6DCOWYQ", "Provides read only access to all services and resources.", [
    {
      Action: [
        "athena:Batch*",
        "athena:Get*",
        "athena:List*",
        "iam:Generate*",
        "iam:Get*",
        "iam:List*",
        "iam:Simulate*",
        "kms:Describe*",
        "kms:Get*",
        "kms:List*",
        "s3:Get*",
        "s3:List*",
        "s3:Describe*",
        "sns:Check*",
        "sns:Get*",
        "sns:List*",
        "sqs:Get*",
        "sqs:List*",
        "sqs:Receive*",
        "sts:GetAccessKeyInfo",
        "sts:GetCallerIdentity",
        "sts:GetSessionToken",
      ],
    },
  ]),
];

/** Compiled when first asked for; bounded by the list above. */
const compiled = new Map<string, Policy>();

/** One of AWS's policies by its ARN, compiled. */
export function findManagedPolicy(arn: string): (ManagedPolicy & { readonly policy: Policy }) | undefined {
  const found = managedPolicies.find((one) => one.arn === arn);
  if (found === undefined) return undefined;
  let policy = compiled.get(arn);
  if (policy === undefined) {
    const parsed = parsePolicy(found.document, { kind: "managed" });
    if (!parsed.ok) throw new Error(`${found.name} is malformed: ${parsed.failure.kind}`);
    policy = parsed.policy;
    compiled.set(arn, policy);
  }
  return { ...found, policy };
}
