import type { PolicyFailure, PolicyPlace } from "./failure.ts";
import { quoted, Refused } from "./refused.ts";
import { compileResource, completeArn, requestResource } from "./resource-pattern.ts";
import { Wildcard, wildcardTokens } from "./wildcard.ts";

const partitions = ["aws", "aws-cn", "aws-us-gov", "*"];

/** What the resource part of an ARN of IAM begins with. */
export const iamResourceTypes = [
  "user/",
  "federated-user/",
  "role/",
  "group/",
  "instance-profile/",
  "mfa/",
  "server-certificate/",
  "policy/",
  "sms-mfa/",
  "saml-provider/",
  "oidc-provider/",
  "report/",
  "access-report/",
];

/**
 * Checks the entries of Resource or NotResource. In an identity's policy: `*` or ARNs. In a bucket's: the bucket and what is in it, by
 * their ARNs. In a queue's or topic's: `*` or a pattern of its ARN. Throws `Refused`.
 */
export function checkResources(resources: readonly string[], place: PolicyPlace): void {
  for (const resource of resources) {
    switch (place.kind) {
      case "bucket":
        checkBucketResource(resource, place.bucket);
        break;
      case "resource":
        checkOwnResource(resource, place.arn);
        break;
      default:
        checkIdentityResource(resource);
    }
  }
}

function refuse(failure: PolicyFailure): never {
  throw new Refused(failure);
}

function checkIdentityResource(resource: string): void {
  if (resource === "*") return;
  if (!resource.startsWith("arn:")) refuse({ kind: "malformedResource", resource: quoted(resource) });
  const arn = completeArn(resource);
  if (!partitions.includes(arn.partition)) {
    refuse({ kind: "unknownPartition", resource: quoted(resource), partition: quoted(arn.partition) });
  }
  if (!/^[a-zA-Z0-9-]+$/.test(arn.service)) refuse({ kind: "wildcardVendor", resource: quoted(resource) });
  if (arn.service !== "iam") return;
  if (arn.region !== "") refuse({ kind: "regionInResource", resource: quoted(resource) });
  const isTyped = /^[*?]/.test(arn.resource) || iamResourceTypes.some((type) => startsLike(arn.resource, type));
  if (!isTyped) refuse({ kind: "unknownIamResource", resource: quoted(resource) });
}

/** Whether a resource part begins with a type, or with as much of it as stands before its first star. */
function startsLike(resource: string, type: string): boolean {
  const star = resource.search(/[*?]/);
  return resource.startsWith(type) || (star > 0 && type.startsWith(resource.slice(0, star)));
}

const bucketPrefix = "arn:aws:s3:::";

function checkBucketResource(resource: string, bucket: string): void {
  if (!resource.startsWith(bucketPrefix)) refuse({ kind: "foreignResource", resource: quoted(resource) });
  const named = resource.slice(bucketPrefix.length).split("/")[0] as string;
  if (!named.includes("${") && !new Wildcard(wildcardTokens(named)).matches(bucket)) {
    refuse({ kind: "foreignResource", resource: quoted(resource) });
  }
}

function checkOwnResource(resource: string, arn: string): void {
  if (resource === "*") return;
  const pattern = resource.startsWith("arn:") ? compileResource(resource, { variables: false }) : null;
  const isOwn = resource.includes("${") || pattern?.matches(requestResource(arn), () => undefined) === true;
  if (!isOwn) refuse({ kind: "foreignResource", resource: quoted(resource) });
}
