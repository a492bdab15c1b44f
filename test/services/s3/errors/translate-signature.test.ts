import { expect, test } from "vitest";
import type { SignatureFailure } from "../../../../src/auth/sigv4/failures.ts";
import { translateSignatureFailure } from "../../../../src/services/s3/errors/translate-signature.ts";

const serverTimeMs = Date.UTC(2013, 4, 24, 0, 20, 0, 123);
const mismatch = {
  kind: "signatureDoesNotMatch",
  accessKeyId: "AKID",
  signatureProvided: "00ff",
  stringToSign: "AÉ\n",
} as const;

const rows: [failure: SignatureFailure, code: string, message: RegExp, details?: Record<string, string>][] = [
  [{ kind: "unsupportedMechanism", mechanism: "sigv4a-query" }, "InvalidRequest", /Please use AWS4-HMAC-SHA256\.$/],
  [
    { kind: "unknownAuthorizationScheme", scheme: "Basic" },
    "InvalidArgument",
    /^Unsupported Authorization Type$/,
    { ArgumentName: "Authorization", ArgumentValue: "Basic" },
  ],
  [
    { kind: "authorizationWithoutScheme" },
    "InvalidArgument",
    /one and only one ' ' \(space\)/,
    { ArgumentName: "Authorization" },
  ],
  [
    { kind: "severalMechanisms" },
    "InvalidArgument",
    /^Only one auth mechanism allowed; /,
    { ArgumentName: "Authorization" },
  ],
  [
    { kind: "missingFormField", name: "X-Amz-Signature" },
    "InvalidArgument",
    /^Bucket POST must contain a field named 'X-Amz-Signature'\. {2}If it is specified, please check the order of the fields\.$/,
    { ArgumentName: "X-Amz-Signature", ArgumentValue: "" },
  ],
  [
    { kind: "unknownFormAlgorithm", algorithm: "x" },
    "InvalidArgument",
    /^X-Amz-Algorithm only supports /,
    { ArgumentName: "X-Amz-Algorithm", ArgumentValue: "x" },
  ],
  [
    { kind: "malformedFormCredential", value: "AKID", detail: { problem: "shape" } },
    "InvalidArgument",
    /^the Credential is mal-formed; expecting /,
    { ArgumentName: "X-Amz-Credential", ArgumentValue: "AKID" },
  ],
  [
    { kind: "malformedFormDate", value: "x" },
    "InvalidArgument",
    /ISO8601 Long format$/,
    { ArgumentName: "X-Amz-Date", ArgumentValue: "x" },
  ],
  [
    { kind: "malformedCredential", via: "header", detail: { problem: "shape" } },
    "AuthorizationHeaderMalformed",
    /^The authorization header is malformed; the Credential is mal-formed; expecting "<YOUR-AKID>/,
  ],
  [
    { kind: "malformedCredential", via: "query", detail: { problem: "service", found: "ec2" } },
    "AuthorizationQueryParametersError",
    /^Error parsing the X-Amz-Credential parameter; incorrect service "ec2"/,
  ],
  [
    { kind: "malformedCredential", via: "query", detail: { problem: "terminal", found: "aws5" } },
    "AuthorizationQueryParametersError",
    /incorrect terminal "aws5"\. This endpoint uses "aws4_request"\.$/,
  ],
  [
    { kind: "malformedCredential", via: "header", detail: { problem: "date", found: "1" } },
    "AuthorizationHeaderMalformed",
    /incorrect date format "1"/,
  ],
  [
    {
      kind: "malformedCredential",
      via: "query",
      detail: { problem: "otherDay", credentialDate: "20130523", requestDate: "20130524" },
    },
    "AuthorizationQueryParametersError",
    /^Invalid credential date "20130523"\. This date is not the same as X-Amz-Date: "20130524"\.$/,
  ],
  [{ kind: "malformedSignedHeaders", via: "header" }, "AuthorizationHeaderMalformed", /SignedHeaders/],
  [{ kind: "malformedSignedHeaders", via: "query" }, "AuthorizationQueryParametersError", /X-Amz-SignedHeaders/],
  [
    { kind: "missingAuthorizationComponent", component: "Signature" },
    "AuthorizationHeaderMalformed",
    /missing Signature\.$/,
  ],
  [
    { kind: "malformedAuthorizationComponent", component: "x" },
    "AuthorizationHeaderMalformed",
    /component "x" is malformed\.$/,
  ],
  [
    { kind: "missingPresignParameters", names: [] },
    "AuthorizationQueryParametersError",
    /^Query-string authentication version 4/,
  ],
  [{ kind: "repeatedPresignParameter", name: "X-Amz-Date" }, "AuthorizationQueryParametersError", /X-Amz-Date/],
  [
    { kind: "unknownPresignAlgorithm", algorithm: "x" },
    "AuthorizationQueryParametersError",
    /^X-Amz-Algorithm only supports/,
  ],
  [
    { kind: "malformedPresignDate" },
    "AuthorizationQueryParametersError",
    /ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"$/,
  ],
  [{ kind: "malformedPresignExpires", problem: "negative" }, "AuthorizationQueryParametersError", /non-negative$/],
  [
    { kind: "malformedPresignExpires", problem: "tooLarge" },
    "AuthorizationQueryParametersError",
    /less than 604800 seconds$/,
  ],
  [
    { kind: "malformedPresignExpires", problem: "notANumber" },
    "AuthorizationQueryParametersError",
    /should be a number$/,
  ],
  [
    { kind: "malformedV2Authorization" },
    "InvalidArgument",
    /^AWS authorization header is invalid\. {2}Expected AwsAccessKeyId:signature$/,
    { ArgumentName: "Authorization" },
  ],
  [{ kind: "missingV2Parameters" }, "AccessDenied", /requires the Signature, Expires and AWSAccessKeyId parameters$/],
  [
    { kind: "malformedV2Expires", value: "soon" },
    "AccessDenied",
    /^Invalid date \(should be seconds since epoch\): soon$/,
  ],
  [{ kind: "missingDate" }, "AccessDenied", /^AWS authentication requires a valid Date or x-amz-date header$/],
  [
    { kind: "missingContentSha256" },
    "InvalidRequest",
    /^Missing required header for this request: x-amz-content-sha256$/,
  ],
  [
    { kind: "invalidContentSha256", value: "abc" },
    "InvalidArgument",
    /^x-amz-content-sha256 must be UNSIGNED-PAYLOAD, .* or a valid sha256 value\.$/,
    { ArgumentName: "x-amz-content-sha256", ArgumentValue: "abc" },
  ],
  [
    { kind: "unsupportedContentSha256", value: "S" },
    "NotImplemented",
    /./,
    { Header: "x-amz-content-sha256", additionalMessage: "S" },
  ],
  [
    { kind: "contentSha256NeedsSignature", value: "S" },
    "InvalidRequest",
    /^The value of x-amz-content-sha256 header is invalid\.$/,
  ],
  [
    { kind: "chunkedWithoutMode" },
    "InvalidArgument",
    /^aws-chunked encoding is not supported when/,
    { ArgumentName: "Content-Encoding", ArgumentValue: "aws-chunked" },
  ],
  [
    { kind: "headersNotSigned", names: ["host", "x-amz-acl"] },
    "AccessDenied",
    /^There were headers present in the request which were not signed$/,
    { HeadersNotSigned: "host, x-amz-acl" },
  ],
  [{ kind: "missingDecodedLength" }, "MissingContentLength", /Content-Length/],
  [
    { kind: "decodedLengthTooLarge", sizeBytes: 6, sizeMaxBytes: 5 },
    "EntityTooLarge",
    /./,
    { ProposedSize: "6", MaxSizeAllowed: "5" },
  ],
  [{ kind: "unsupportedTrailer", value: "x" }, "InvalidRequest", /x-amz-trailer header is not supported$/],
  [
    { kind: "requestTimeTooSkewed", requestTime: "20130524T000000Z", serverTimeMs, skewMaxMs: 900_000 },
    "RequestTimeTooSkewed",
    /too large\.$/,
    { RequestTime: "20130524T000000Z", ServerTime: "2013-05-24T00:20:00Z", MaxAllowedSkewMilliseconds: "900000" },
  ],
  [
    { kind: "presignedExpired", expiresSeconds: 60, expiredAtMs: serverTimeMs - 5000, serverTimeMs },
    "AccessDenied",
    /^Request has expired$/,
    { "X-Amz-Expires": "60", Expires: "2013-05-24T00:19:55Z", ServerTime: "2013-05-24T00:20:00Z" },
  ],
  [
    { kind: "presignedExpired", expiredAtMs: serverTimeMs - 5000, serverTimeMs },
    "AccessDenied",
    /^Request has expired$/,
    { Expires: "2013-05-24T00:19:55Z", ServerTime: "2013-05-24T00:20:00Z" },
  ],
  [
    { kind: "presignedNotYetValid", requestTimeMs: 1_369_353_600_000, expiresAtMs: serverTimeMs, serverTimeMs },
    "AccessDenied",
    /^Request is not yet valid$/,
    { "X-Amz-Date": "1369353600000", Expires: "2013-05-24T00:20:00Z", ServerTime: "2013-05-24T00:20:00Z" },
  ],
  [
    { ...mismatch, subject: { part: "head" }, canonicalRequest: "GET\n/" },
    "SignatureDoesNotMatch",
    /^The request signature we calculated does not match/,
    {
      AWSAccessKeyId: "AKID",
      StringToSign: "AÉ\n",
      SignatureProvided: "00ff",
      StringToSignBytes: "41 c3 89 0a",
      CanonicalRequest: "GET\n/",
      CanonicalRequestBytes: "47 45 54 0a 2f",
    },
  ],
  [
    { ...mismatch, subject: { part: "chunk", chunk: 1 } },
    "SignatureDoesNotMatch",
    /./,
    { AWSAccessKeyId: "AKID", StringToSign: "AÉ\n", SignatureProvided: "00ff", StringToSignBytes: "41 c3 89 0a" },
  ],
  [
    { kind: "malformedChunkedBody", detail: "secret of the log" },
    "IncompleteBody",
    /^The request body terminated unexpectedly$/,
  ],
  [
    { kind: "decodedLengthMismatch", expectedBytes: 5, providedBytes: 3 },
    "IncompleteBody",
    /number of bytes specified/,
    { NumberBytesExpected: "5", NumberBytesProvided: "3" },
  ],
  [
    { kind: "chunkTooSmall", chunk: 2, sizeBytes: 3 },
    "InvalidChunkSizeError",
    /^Only the last chunk is allowed to have a size less than 8192 bytes$/,
    { Chunk: "2", BadChunkSize: "3" },
  ],
  [{ kind: "malformedTrailer", detail: "x" }, "MalformedTrailerError", /trailing data that was not well-formed/],
  [
    { kind: "contentSha256Mismatch", declared: "aa", computed: "bb" },
    "XAmzContentSHA256Mismatch",
    /does not match what was computed\.$/,
    { ClientComputedContentSHA256: "aa", S3ComputedContentSHA256: "bb" },
  ],
];

test.each(rows)("%j", (failure, code, message, details) => {
  const translated = translateSignatureFailure(failure);
  expect(translated.code).toBe(code);
  expect(translated.message).toMatch(message);
  expect(translated.details).toEqual(details);
});

test("a canonical request of tens of kilobytes is not sent back", () => {
  const translated = translateSignatureFailure({
    ...mismatch,
    subject: { part: "head" },
    canonicalRequest: "x".repeat(20_000),
  });
  expect(Object.keys(translated.details ?? {})).not.toContain("CanonicalRequest");
});
