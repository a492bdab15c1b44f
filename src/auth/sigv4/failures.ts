/**
 * Everything that can be wrong with a signature or with a body sent under one, as data.
 *
 * No member carries a secret. What the client sent may be in it, so escape it before showing it.
 * `src/services/s3/errors/translate-signature.ts` turns each into AWS's error by one exhaustive switch; the code that each stands for
 * is named here beside it.
 */
export type SignatureFailure =
  | MechanismFailure
  | CredentialFailure
  | PresignParameterFailure
  | V2Failure
  | FormFailure
  | HeadFailure
  | TimeFailure
  | SignatureMismatch
  | BodyFailure;

/** The request is signed in a way that is neither SigV4 with HMAC nor SigV2, or in more than one way. */
export type MechanismFailure =
  /** InvalidRequest. SigV4A (ECDSA). */
  | { kind: "unsupportedMechanism"; mechanism: "sigv4a-header" | "sigv4a-query" }
  /** InvalidArgument. `scheme` is the first word of the Authorization header; the rest is not repeated. */
  | { kind: "unknownAuthorizationScheme"; scheme: string }
  /** InvalidArgument. The Authorization header has no space, so no scheme. */
  | { kind: "authorizationWithoutScheme" }
  /** InvalidArgument. Two of these sign the request: an Authorization header, parameters of SigV4, of SigV2. */
  | { kind: "severalMechanisms" };

/** What is wrong with `<key id>/<date>/<region>/<service>/aws4_request`. */
export type CredentialProblem =
  | { problem: "shape" }
  | { problem: "service"; found: string }
  | { problem: "terminal"; found: string }
  | { problem: "date"; found: string }
  | { problem: "otherDay"; credentialDate: string; requestDate: string };

/** AuthorizationHeaderMalformed if `via` is header, AuthorizationQueryParametersError if it is query. */
export type CredentialFailure =
  | { kind: "malformedCredential"; via: "header" | "query"; detail: CredentialProblem }
  /** The list of signed headers is empty, repeats a name or has characters that no lower-case header name has. */
  | { kind: "malformedSignedHeaders"; via: "header" | "query" }
  /** AuthorizationHeaderMalformed. */
  | { kind: "missingAuthorizationComponent"; component: "Credential" | "SignedHeaders" | "Signature" }
  /** AuthorizationHeaderMalformed. Not `name=value`, an unknown name, or a name given twice. */
  | { kind: "malformedAuthorizationComponent"; component: string };

/** AuthorizationQueryParametersError. */
export type PresignParameterFailure =
  | { kind: "missingPresignParameters"; names: readonly string[] }
  | { kind: "repeatedPresignParameter"; name: string }
  | { kind: "unknownPresignAlgorithm"; algorithm: string }
  | { kind: "malformedPresignDate" }
  | { kind: "malformedPresignExpires"; problem: "notANumber" | "negative" | "tooLarge" };

/** What is wrong with the form of a SigV2 signature. */
export type V2Failure =
  /** InvalidArgument. Not `AWS <key id>:<signature>`. */
  | { kind: "malformedV2Authorization" }
  /** AccessDenied. AWSAccessKeyId, Signature and Expires must all be there. */
  | { kind: "missingV2Parameters" }
  /** AccessDenied. `value` is no number of seconds since 1970 below 2^31. */
  | { kind: "malformedV2Expires"; value: string };

/** InvalidArgument. What is wrong with the fields by which a form is signed. */
export type FormFailure =
  /** `name` as S3 writes it. */
  | { kind: "missingFormField"; name: string }
  | { kind: "malformedFormCredential"; value: string; detail: CredentialProblem }
  | { kind: "unknownFormAlgorithm"; algorithm: string }
  | { kind: "malformedFormDate"; value: string };

/** What the signed part of the request head must have, and has not. */
export type HeadFailure =
  /** AccessDenied. Neither x-amz-date nor Date holds a time. */
  | { kind: "missingDate" }
  /** InvalidRequest. */
  | { kind: "missingContentSha256" }
  /** InvalidArgument. */
  | { kind: "invalidContentSha256"; value: string }
  /** NotImplemented. A chunk signature scheme that needs SigV4A. */
  | { kind: "unsupportedContentSha256"; value: string }
  /** InvalidRequest. Signed chunks without a signature to chain them to. */
  | { kind: "contentSha256NeedsSignature"; value: string }
  /** AccessDenied. Names in lower case, in the order of the request. */
  | { kind: "headersNotSigned"; names: readonly string[] }
  /** InvalidArgument. Content-Encoding says aws-chunked, x-amz-content-sha256 says UNSIGNED-PAYLOAD. */
  | { kind: "chunkedWithoutMode" }
  /** MissingContentLength. A streaming payload without a usable x-amz-decoded-content-length. */
  | { kind: "missingDecodedLength" }
  /** EntityTooLarge. */
  | { kind: "decodedLengthTooLarge"; sizeBytes: number; sizeMaxBytes: number }
  /** InvalidRequest. x-amz-trailer names something that is not a checksum. */
  | { kind: "unsupportedTrailer"; value: string };

export type TimeFailure =
  /** RequestTimeTooSkewed. `requestTime` is as the client wrote it. */
  | { kind: "requestTimeTooSkewed"; requestTime: string; serverTimeMs: number; skewMaxMs: number }
  /** AccessDenied. `expiresSeconds` is X-Amz-Expires, which a URL signed with SigV2 has not. */
  | { kind: "presignedExpired"; expiresSeconds?: number; expiredAtMs: number; serverTimeMs: number }
  /** AccessDenied. */
  | { kind: "presignedNotYetValid"; requestTimeMs: number; expiresAtMs: number; serverTimeMs: number };

/** SignatureDoesNotMatch: of the request head, of chunk `chunk` (counted from 1), of the trailers or of a form's policy. */
export interface SignatureMismatch {
  kind: "signatureDoesNotMatch";
  subject: { part: "head" } | { part: "chunk"; chunk: number } | { part: "trailer" } | { part: "policy" };
  accessKeyId: string;
  signatureProvided: string;
  /** What we would have signed. */
  stringToSign: string;
  /** The request in canonical form; only for the head. */
  canonicalRequest?: string;
}

/** A body that is not what its head promised. */
export type BodyFailure =
  /** IncompleteBody. Framing that is not aws-chunked, or the body ended inside it. `detail` is for the log. */
  | { kind: "malformedChunkedBody"; detail: string }
  /** IncompleteBody. The chunks do not add up to x-amz-decoded-content-length. */
  | { kind: "decodedLengthMismatch"; expectedBytes: number; providedBytes: number }
  /** InvalidChunkSizeError. A chunk under 8 KiB was followed by chunk `chunk` (counted from 1) with more data. */
  | { kind: "chunkTooSmall"; chunk: number; sizeBytes: number }
  /** MalformedTrailerError. `detail` is for the log. */
  | { kind: "malformedTrailer"; detail: string }
  /** XAmzContentSHA256Mismatch. Both in lower-case hexadecimal. */
  | { kind: "contentSha256Mismatch"; declared: string; computed: string };

/** The value, or why there is none. */
export type Checked<T> = { ok: true; value: T } | { ok: false; failure: SignatureFailure };

export function refused(failure: SignatureFailure): { ok: false; failure: SignatureFailure } {
  return { ok: false, failure };
}
