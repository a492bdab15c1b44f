import type { AuthenticationFailure } from "../auth/authentication-error.ts";
import { QueryError } from "../protocols/aws-query/error.ts";

const mismatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. " +
  "Consult the service documentation for details.";

/**
 * The answer of a query service to a request that claims to be signed and proves nobody. No key, token or signature is repeated.
 *
 * Follows "Common errors" of the IAM API Reference.
 */
export function queryAuthenticationError(failure: AuthenticationFailure): QueryError {
  switch (failure.kind) {
    case "noRootKey":
      return new QueryError(
        "ServiceUnavailable",
        503,
        "This server has no root key: set the secrets SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY.",
      );
    case "unknownKey":
    case "closedAccount":
    case "invalidToken":
      return new QueryError("InvalidClientTokenId", 403, "The security token included in the request is invalid.");
    case "expiredToken":
      return new QueryError("ExpiredToken", 403, "The security token included in the request is expired");
    case "signatureDoesNotMatch":
    case "contentSha256Mismatch":
      return new QueryError("SignatureDoesNotMatch", 403, mismatch);
    case "requestTimeTooSkewed": {
      const now = compactTime(failure.serverTimeMs);
      const message = `Signature not current: ${failure.requestTime.slice(0, 32)} is more than ${failure.skewMaxMs / 60_000} min. from ${now}`;
      return new QueryError("SignatureDoesNotMatch", 403, message);
    }
    case "presignedExpired":
    case "presignedNotYetValid":
      return new QueryError(
        "RequestExpired",
        400,
        "The request reached the service outside of the time that it is valid for.",
      );
    default:
      return new QueryError(
        "IncompleteSignature",
        400,
        `The request signature does not conform to AWS standards (${failure.kind}).`,
      );
  }
}

function compactTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}
