import { iamResourceTypes } from "./check-resources.ts";
import type { PolicyFailure, PolicyPlace } from "./failure.ts";

/** AWS's code and message. */
export interface DescribedFailure {
  readonly code: string;
  readonly message: string;
}

const syntaxErrors = "Syntax errors in policy.";
const invalidJson = "This policy contains invalid Json";
const failedParsing = "The policy failed legacy parsing";

/**
 * As IAM and STS answer, with status 400: MalformedPolicyDocument, or LimitExceeded (status 409) for one that is too large.
 * The messages are AWS's own where they are known.
 */
export function describeForIam(failure: PolicyFailure, kind: PolicyPlace["kind"] = "identity"): DescribedFailure {
  if (failure.kind === "tooLarge") {
    return { code: "LimitExceeded", message: `Maximum policy size of ${failure.limit} bytes exceeded` };
  }
  return { code: "MalformedPolicyDocument", message: iamMessage(failure, kind) };
}

function iamMessage(failure: Exclude<PolicyFailure, { kind: "tooLarge" }>, kind: PolicyPlace["kind"]): string {
  const hasPrincipal = kind === "trust" || kind === "resource";
  switch (failure.kind) {
    case "leadingSpace":
      return "JSON strings must not have leading spaces";
    case "notJson":
      return hasPrincipal ? invalidJson : syntaxErrors;
    case "duplicateKey":
    case "unknownElement":
    case "wrongType":
    case "exclusiveElements":
    case "unknownVersion":
    case "unknownEffect":
    case "unknownOperator":
      return syntaxErrors;
    case "emptyElement":
      return emptyElement(failure.element);
    case "missingElement":
      return missingElement(failure.element, hasPrincipal);
    case "prohibitedElement":
      return prohibitedElement(failure.element);
    case "oldVersion":
      return "Policy document must be version 2012-10-17 or greater.";
    case "malformedSid":
      return "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
    case "repeatedSid":
      return "Statement IDs (SID) in a single policy must be unique.";
    case "invalidPrincipal":
      return `Invalid principal in policy${failure.type === "" ? "" : `: "${failure.type}":"${failure.value}"`}`;
    case "allowNotPrincipal":
      return "Allow with NotPrincipal is not allowed.";
    case "malformedAction":
      return malformedAction(failure.problem, failure.action);
    case "foreignAction":
      return kind === "trust"
        ? "AssumeRole policy may only specify STS AssumeRole actions."
        : "Policy statement action out of service scope!";
    case "malformedResource":
      return `Resource ${failure.resource} must be in ARN format or "*".`;
    case "unknownPartition":
      return `Partition "${failure.partition}" is not valid for resource "${failure.resource}".`;
    case "wildcardVendor":
      return "Resource vendor must be fully qualified and cannot contain regexes.";
    case "regionInResource":
      return `IAM resource ${failure.resource} cannot contain region information.`;
    case "unknownIamResource":
      return `IAM resource path must either be "*" or start with ${iamResourceTypes.join(", ")}.`;
    case "foreignResource":
      return "Policy has invalid resource";
    case "malformedVariable":
    case "malformedConditionValue":
      return failedParsing;
    case "actionWithoutResource":
    case "unknownConditionKey":
    case "foreignConditionKey":
      return s3Message(failure);
  }
}

function emptyElement(element: string): string {
  switch (element) {
    case "Action":
    case "NotAction":
      return "Policy statement must contain actions.";
    case "Resource":
    case "NotResource":
      return "Policy statement must contain resources.";
    case "Statement":
      return "Could not parse the policy: Statement is empty!";
    default:
      return `Missing required field ${element} cannot be empty!`;
  }
}

function missingElement(element: string, hasPrincipal: boolean): string {
  if (hasPrincipal) return `Missing required field ${element}`;
  if (element === "Action" || element === "Resource") return emptyElement(element);
  return syntaxErrors;
}

function prohibitedElement(element: string): string {
  if (element === "Principal" || element === "NotPrincipal") return "Policy document should not specify a principal.";
  return element === "NotResource"
    ? "AssumeRole policy must not contain resources."
    : `Has prohibited field ${element}`;
}

function malformedAction(problem: "noVendor" | "vendor" | "colons", action: string): string {
  switch (problem) {
    case "noVendor":
      return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    case "vendor":
      return `Vendor ${action.split(":")[0]} is not valid`;
    case "colons":
      return "Actions/Condition can contain only one colon.";
  }
}

/** As S3 answers PutBucketPolicy: MalformedPolicy, with status 400. The messages are S3's own where they are known. */
export function describeForS3(failure: PolicyFailure): DescribedFailure {
  return { code: "MalformedPolicy", message: s3Message(failure) };
}

function s3Message(failure: PolicyFailure): string {
  switch (failure.kind) {
    case "leadingSpace":
      return "Policies must be valid JSON and the first byte must be '{'";
    case "notJson":
      return failure.offset === 0 ? "Policies must be valid JSON and the first byte must be '{'" : invalidJson;
    case "duplicateKey":
      return invalidJson;
    case "tooLarge":
      return `Normalized policy document exceeds the maximum allowed size of ${failure.limit} bytes`;
    case "missingElement":
      return `Missing required field ${failure.element}`;
    case "emptyElement":
      return s3EmptyElement(failure.element);
    case "unknownElement":
      return `Unknown field ${failure.element}`;
    case "unknownVersion":
    case "oldVersion":
      return "The policy must contain a valid version string";
    case "unknownEffect":
      return `Invalid effect: ${failure.effect}`;
    case "wrongType":
    case "exclusiveElements":
    case "prohibitedElement":
    case "malformedSid":
    case "repeatedSid":
    case "malformedVariable":
      return "Invalid policy syntax.";
    case "invalidPrincipal":
      return "Invalid principal in policy";
    case "allowNotPrincipal":
      return "Allow with NotPrincipal is not allowed.";
    case "malformedAction":
    case "foreignAction":
      return "Policy has invalid action";
    case "actionWithoutResource":
      return "Action does not apply to any resource(s) in statement";
    case "malformedResource":
    case "unknownPartition":
    case "wildcardVendor":
    case "regionInResource":
    case "unknownIamResource":
    case "foreignResource":
      return "Policy has invalid resource";
    case "unknownOperator":
      return `Invalid Condition type : ${failure.operator}`;
    case "unknownConditionKey":
      return "Policy has an invalid condition key";
    case "foreignConditionKey":
      return "Conditions do not apply to combination of actions and resources in statement";
    case "malformedConditionValue":
      return failure.operator.includes("IpAddress")
        ? "Invalid IP address in Conditions"
        : `Invalid value in Conditions for operator ${failure.operator}`;
  }
}

function s3EmptyElement(element: string): string {
  if (element === "Statement") return "Could not parse the policy: Statement is empty!";
  return element.endsWith("Principal") ? "Invalid principal in policy" : `Missing required field ${element}`;
}
