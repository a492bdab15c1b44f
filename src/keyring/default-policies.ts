import { rootArn } from "../auth/principal.ts";

/**
 * The policy of a key that was made without one: the account decides by its own policies who may do what.
 *
 * Follows "Default key policy" in the AWS KMS Developer Guide.
 */
export function defaultKeyPolicy(accountId: string): string {
  const statement = {
    Sid: "Enable IAM User Permissions",
    Effect: "Allow",
    Principal: { AWS: rootArn(accountId) },
    Action: "kms:*",
    Resource: "*",
  };
  return document("key-default-1", [statement]);
}

/**
 * The policy of an account's `alias/aws/s3`: whoever may use S3 in the account may use the key, through S3 alone. Nobody can change it.
 *
 * Follows "AWS managed keys" in the AWS KMS Developer Guide.
 */
export function managedS3KeyPolicy(accountId: string, region: string): string {
  const use = {
    Sid: "Allow access through S3 for all principals in the account that are authorized to use S3",
    Effect: "Allow",
    Principal: { AWS: "*" },
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    Resource: "*",
    Condition: { StringEquals: { "kms:CallerAccount": accountId, "kms:ViaService": viaS3(region) } },
  };
  const look = {
    Sid: "Allow direct access to key metadata to the account",
    Effect: "Allow",
    Principal: { AWS: rootArn(accountId) },
    Action: ["kms:Describe*", "kms:Get*", "kms:List*"],
    Resource: "*",
  };
  return document("auto-s3-2", [use, look]);
}

/** `kms:ViaService` of what S3 asks for its callers. */
export function viaS3(region: string): string {
  return `s3.${region}.amazonaws.com`;
}

function document(id: string, statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Id: id, Statement: statements }, null, 2);
}
