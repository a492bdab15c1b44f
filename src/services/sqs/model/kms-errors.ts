import { JsonError } from "../../../protocols/aws-json/error.ts";
import type { DataKeyFailure } from "../../../sealing/data-keys.ts";
import { sqsError } from "./errors.ts";

/** What the KMS refused, as SQS tells it: "Errors" of SendMessage in the SQS API Reference. */
export function kmsError(failure: DataKeyFailure): JsonError {
  switch (failure.kind) {
    case "access-denied":
      return sqsError("KmsAccessDenied", failure.message);
    case "not-found":
      return sqsError("KmsNotFound", failure.message);
    case "disabled":
      return sqsError("KmsDisabled", `${failure.keyArn} is disabled.`);
    case "pending-deletion":
      return sqsError("KmsInvalidState", `${failure.keyArn} is pending deletion.`);
    case "invalid-usage":
      return sqsError("KmsInvalidKeyUsage", `${failure.keyArn} cannot make data keys.`);
    case "invalid-ciphertext":
      return sqsError("KmsInvalidState", "The data key of a message cannot be opened with its KMS key.");
    case "not-configured":
      return sqsError("KmsOptInRequired", "This server has no KMS.");
    case "unavailable":
      return new JsonError("ServiceUnavailable", 503, `The KMS cannot be reached: ${failure.reason}`);
  }
}
