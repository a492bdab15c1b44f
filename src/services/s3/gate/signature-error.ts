import type { SignatureFailure } from "../../../auth/sigv4/failures.ts";
import { S3Error } from "../errors/error.ts";
import { translateSignatureFailure } from "../errors/translate-signature.ts";

/** The error that answers a body which is not what the signature over the request says. */
export function signatureError(failure: SignatureFailure): S3Error {
  const { code, message, details } = translateSignatureFailure(failure);
  return new S3Error(code, message, details);
}
