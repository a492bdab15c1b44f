import type { SignatureFailure } from "../../../auth/sigv4/failures.ts";
import { S3Error } from "../errors/error.ts";
import { translateSignatureFailure } from "../errors/translate-signature.ts";

/** The error for a body that does not match the request's signature. */
export function signatureError(failure: SignatureFailure): S3Error {
  const { code, message, details } = translateSignatureFailure(failure);
  return new S3Error(code, message, details);
}
