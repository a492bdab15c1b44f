import type { DataKeyFailure } from "../../../sealing/data-keys.ts";
import { S3Error } from "./error.ts";

/** S3's answers to refusals of the KMS. */
export function translateKmsFailure(failure: DataKeyFailure): S3Error {
  switch (failure.kind) {
    case "access-denied":
      return new S3Error("AccessDenied", failure.message);
    case "not-found":
      return new S3Error("KMS.NotFoundException", failure.message);
    case "disabled":
      return new S3Error("KMS.DisabledException", `${failure.keyArn} is disabled.`);
    case "pending-deletion":
      return new S3Error("KMS.KMSInvalidStateException", `${failure.keyArn} is pending deletion.`);
    case "invalid-usage":
      return new S3Error("KMS.InvalidKeyUsageException", `${failure.keyArn} key usage is not ENCRYPT_DECRYPT.`);
    case "invalid-ciphertext":
      return new S3Error("KMS.InvalidCiphertextException");
    case "not-configured":
      return new S3Error("NotImplemented", "Server side encryption with KMS keys needs a KMS, and none is configured.");
    case "unavailable":
      return new S3Error("ServiceUnavailable", `The KMS does not answer: ${failure.reason}. Please try again.`);
  }
}
