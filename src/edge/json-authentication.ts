import type { AuthenticationFailure } from "../auth/authentication-error.ts";
import { JsonError } from "../protocols/aws-json/error.ts";
import { queryAuthenticationError } from "./query-authentication.ts";

/** What the services with JSON documents call the errors of the query services. */
const TYPES: Readonly<Record<string, string>> = {
  ServiceUnavailable: "ServiceUnavailableException",
  InvalidClientTokenId: "UnrecognizedClientException",
  ExpiredToken: "ExpiredTokenException",
  SignatureDoesNotMatch: "InvalidSignatureException",
  RequestExpired: "RequestExpired",
  IncompleteSignature: "IncompleteSignatureException",
};

/**
 * The answer of a service with JSON documents to a request that claims to be signed and proves nobody. The query services say the same under
 * other names; here the status is 400 unless the fault is the server's.
 *
 * Follows "Common errors" of the AWS KMS API Reference.
 */
export function jsonAuthenticationError(failure: AuthenticationFailure): JsonError {
  const { code, status, message } = queryAuthenticationError(failure);
  return new JsonError(TYPES[code] ?? code, status < 500 ? 400 : status, message);
}
