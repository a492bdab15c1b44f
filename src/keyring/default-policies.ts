import { rootArn } from "../auth/principal.ts";
import type { KeyPlace } from "./key-name.ts";

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

/** Services that ask the KMS for their callers, and have a key of their own in each account: `alias/aws/sqs`. */
export type KeyService = "s3" | "sqs";

/**
 * The policy of an account's `alias/aws/s3`: whoever may use S3 in the account may use the key, through S3 alone. Nobody can change it. The
 * same for the other services.
 *
 * Follows "AWS managed keys" in the AWS KMS Developer Guide.
 */
export function managedKeyPolicy(service: KeyService, { accountId, region }: KeyPlace): string {
  const name = service.toUpperCase();
  const use = {
    Sid: `Allow access through ${name} for all principals in the account that are authorized to use ${name}`,
    Effect: "Allow",
    Principal: { AWS: "*" },
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    Resource: "*",
    Condition: { StringEquals: { "kms:CallerAccount": accountId, "kms:ViaService": viaService(service, region) } },
  };
  const look = {
    Sid: "Allow direct access to key metadata to the account",
    Effect: "Allow",
    Principal: { AWS: rootArn(accountId) },
    Action: ["kms:Describe*", "kms:Get*", "kms:List*"],
    Resource: "*",
  };
  return document(`auto-${service}-2`, [use, look]);
}

/** `kms:ViaService` of what a service asks for its callers. */
export function viaService(service: KeyService, region: string): string {
  return `${service}.${region}.amazonaws.com`;
}

function document(id: string, statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Id: id, Statement: statements }, null, 2);
}
