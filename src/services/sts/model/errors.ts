import { QueryError } from "../../../protocols/aws-query/error.ts";

/** STS's errors with their status, as the API Reference lists them for each operation. */
export function accessDenied(message: string): QueryError {
  return new QueryError("AccessDenied", 403, message);
}

export function invalidParameterValue(message: string): QueryError {
  return new QueryError("InvalidParameterValue", 400, message);
}

export function invalidIdentityToken(message: string): QueryError {
  return new QueryError("InvalidIdentityToken", 400, message);
}

/** Throws AccessDenied if a second factor is given. */
export function refuseSecondFactor(given: { SerialNumber: string | undefined; TokenCode: string | undefined }): void {
  if (given.SerialNumber === undefined && given.TokenCode === undefined) return;
  throw accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.");
}
