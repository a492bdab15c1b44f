import type { PolicyFailure } from "./failure.ts";

/** AWS's code and message. */
export interface DescribedFailure {
  readonly code: string;
  readonly message: string;
}

/** As IAM and STS answer: MalformedPolicyDocument or LimitExceeded. */
export function describeForIam(failure: PolicyFailure): DescribedFailure {
  throw new Error(`not built yet: ${failure.kind}`);
}

/** As S3 answers PutBucketPolicy: MalformedPolicy or PolicyTooLarge, both with status 400. */
export function describeForS3(failure: PolicyFailure): DescribedFailure {
  throw new Error(`not built yet: ${failure.kind}`);
}
