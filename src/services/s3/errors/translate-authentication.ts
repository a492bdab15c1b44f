import type { AuthenticationFailure } from "../../../auth/authentication-error.ts";
import { S3Error } from "./error.ts";
import { translateSignatureFailure } from "./translate-signature.ts";

/** S3's answer to a failed authentication. Codes are spelled as AWS spells them. */
export function translateAuthenticationFailure(failure: AuthenticationFailure): S3Error {
  switch (failure.kind) {
    case "noRootKey":
      return new S3Error(
        "ServiceUnavailable",
        "This server has no root key: set the secrets SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY.",
      );
    case "unknownKey":
      return new S3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: failure.accessKeyId });
    case "closedAccount":
      return new S3Error("AccountProblem");
    case "invalidToken":
      return new S3Error("InvalidToken", undefined, { "Token-0": failure.token });
    case "expiredToken":
      return new S3Error("ExpiredToken", undefined, { "Token-0": failure.token });
    default: {
      const { code, message, details } = translateSignatureFailure(failure);
      return new S3Error(code, message, details);
    }
  }
}
