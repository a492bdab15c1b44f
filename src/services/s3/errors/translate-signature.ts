import { Buffer } from "node:buffer";
import type {
  CredentialFailure,
  CredentialProblem,
  FormFailure,
  SignatureFailure,
  SignatureMismatch,
} from "../../../auth/sigv4/failures.ts";
import type { S3ErrorCode } from "./error.ts";

/** An error of AWS: its code, its message, and further elements of the XML answer in their order. */
export interface TranslatedFailure {
  code: S3ErrorCode;
  message: string;
  details?: Record<string, string>;
}

/**
 * As bytes in hex, the details of a refused signature triple in size; beyond this many bytes they
 * are left out.
 */
const byteListMaxBytes = 16 * 1024;

const mechanismUnsupported =
  "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
const contentSha256Values =
  "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, " +
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER " +
  "or a valid sha256 value.";
const presignParameters =
  "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, " +
  "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";

/** AWS's answer to each failure of a signature. Codes and messages are spelled as AWS spells them. */
export function translateSignatureFailure(failure: SignatureFailure): TranslatedFailure {
  switch (failure.kind) {
    case "unsupportedMechanism":
      return { code: "InvalidRequest", message: mechanismUnsupported };
    case "unknownAuthorizationScheme":
      return invalidArgument("Unsupported Authorization Type", "Authorization", failure.scheme);
    case "authorizationWithoutScheme":
      return invalidArgument(
        "Authorization header is invalid -- one and only one ' ' (space) required.",
        "Authorization",
      );
    case "severalMechanisms":
      return invalidArgument(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter " +
          "or the Authorization header should be specified",
        "Authorization",
      );
    case "malformedCredential":
    case "malformedSignedHeaders":
    case "missingAuthorizationComponent":
    case "malformedAuthorizationComponent":
      return translateCredential(failure);
    case "missingPresignParameters":
      return presignError(presignParameters);
    case "repeatedPresignParameter":
      return presignError(`The query parameter ${failure.name} must be given once only.`);
    case "unknownPresignAlgorithm":
      return presignError('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"');
    case "malformedPresignDate":
      return presignError(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
    case "malformedPresignExpires":
      return presignError(expiresMessages[failure.problem]);
    case "malformedV2Authorization":
      return invalidArgument(
        "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
        "Authorization",
      );
    case "missingV2Parameters":
      return accessDenied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters");
    case "malformedV2Expires":
      return accessDenied(`Invalid date (should be seconds since epoch): ${failure.value}`);
    case "missingFormField":
    case "unknownFormAlgorithm":
    case "malformedFormCredential":
    case "malformedFormDate":
      return translateForm(failure);
    case "missingDate":
      return accessDenied("AWS authentication requires a valid Date or x-amz-date header");
    case "missingContentSha256":
      return {
        code: "InvalidRequest",
        message: "Missing required header for this request: x-amz-content-sha256",
      };
    case "invalidContentSha256":
      return invalidArgument(contentSha256Values, "x-amz-content-sha256", failure.value);
    case "unsupportedContentSha256":
      return {
        code: "NotImplemented",
        message: "A header you provided implies functionality that is not implemented",
        details: { Header: "x-amz-content-sha256", additionalMessage: failure.value },
      };
    case "contentSha256NeedsSignature":
      return { code: "InvalidRequest", message: "The value of x-amz-content-sha256 header is invalid." };
    case "chunkedWithoutMode":
      return invalidArgument(
        "aws-chunked encoding is not supported when x-amz-content-sha256 UNSIGNED-PAYLOAD is supplied.",
        "Content-Encoding",
        "aws-chunked",
      );
    case "headersNotSigned":
      return accessDenied("There were headers present in the request which were not signed", {
        HeadersNotSigned: failure.names.join(", "),
      });
    case "missingDecodedLength":
      return { code: "MissingContentLength", message: "You must provide the Content-Length HTTP header." };
    case "decodedLengthTooLarge":
      return {
        code: "EntityTooLarge",
        message: "Your proposed upload exceeds the maximum allowed size",
        details: { ProposedSize: `${failure.sizeBytes}`, MaxSizeAllowed: `${failure.sizeMaxBytes}` },
      };
    case "unsupportedTrailer":
      return { code: "InvalidRequest", message: "The value specified in the x-amz-trailer header is not supported" };
    case "requestTimeTooSkewed":
      return {
        code: "RequestTimeTooSkewed",
        message: "The difference between the request time and the current time is too large.",
        details: {
          RequestTime: failure.requestTime,
          ServerTime: isoSeconds(failure.serverTimeMs),
          MaxAllowedSkewMilliseconds: `${failure.skewMaxMs}`,
        },
      };
    case "presignedExpired":
      return accessDenied("Request has expired", {
        ...(failure.expiresSeconds === undefined ? {} : { "X-Amz-Expires": `${failure.expiresSeconds}` }),
        Expires: isoSeconds(failure.expiredAtMs),
        ServerTime: isoSeconds(failure.serverTimeMs),
      });
    case "presignedNotYetValid":
      return accessDenied("Request is not yet valid", {
        "X-Amz-Date": `${failure.requestTimeMs}`,
        Expires: isoSeconds(failure.expiresAtMs),
        ServerTime: isoSeconds(failure.serverTimeMs),
      });
    case "signatureDoesNotMatch":
      return translateMismatch(failure);
    case "malformedChunkedBody":
      return { code: "IncompleteBody", message: "The request body terminated unexpectedly" };
    case "decodedLengthMismatch":
      return {
        code: "IncompleteBody",
        message: "You did not provide the number of bytes specified by the Content-Length HTTP header",
        details: {
          NumberBytesExpected: `${failure.expectedBytes}`,
          NumberBytesProvided: `${failure.providedBytes}`,
        },
      };
    case "chunkTooSmall":
      return {
        code: "InvalidChunkSizeError",
        message: "Only the last chunk is allowed to have a size less than 8192 bytes",
        details: { Chunk: `${failure.chunk}`, BadChunkSize: `${failure.sizeBytes}` },
      };
    case "malformedTrailer":
      return {
        code: "MalformedTrailerError",
        message:
          "The request contained trailing data that was not well-formed or did not conform to our published schema.",
      };
    case "contentSha256Mismatch":
      return {
        code: "XAmzContentSHA256Mismatch",
        message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
        details: { ClientComputedContentSHA256: failure.declared, S3ComputedContentSHA256: failure.computed },
      };
  }
}

const expiresMessages = {
  notANumber: "X-Amz-Expires should be a number",
  negative: "X-Amz-Expires must be non-negative",
  tooLarge:
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than " +
    "604800 seconds",
} as const;

function translateCredential(failure: CredentialFailure): TranslatedFailure {
  switch (failure.kind) {
    case "missingAuthorizationComponent":
      return headerError(`missing ${failure.component}.`);
    case "malformedAuthorizationComponent":
      return headerError(`the authorization component "${failure.component}" is malformed.`);
    case "malformedSignedHeaders":
      return failure.via === "header"
        ? headerError("the SignedHeaders are mal-formed.")
        : presignError("Error parsing the X-Amz-SignedHeaders parameter; the SignedHeaders are mal-formed.");
    case "malformedCredential": {
      const text = credentialText(failure);
      if (failure.via === "header") return headerError(text);
      const inParameter = failure.detail.problem !== "otherDay";
      return presignError(inParameter ? `Error parsing the X-Amz-Credential parameter; ${text}` : text);
    }
  }
}

function translateForm(failure: FormFailure): TranslatedFailure {
  switch (failure.kind) {
    case "missingFormField":
      return invalidArgument(
        `Bucket POST must contain a field named '${failure.name}'.  If it is specified, please check the order of the fields.`,
        failure.name,
        "",
      );
    case "unknownFormAlgorithm":
      return invalidArgument(
        'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
        "X-Amz-Algorithm",
        failure.algorithm,
      );
    case "malformedFormCredential":
      return invalidArgument(credentialText(failure), "X-Amz-Credential", failure.value);
    case "malformedFormDate":
      return invalidArgument("X-Amz-Date must be formated via ISO8601 Long format", "X-Amz-Date", failure.value);
  }
}

function credentialText({ detail }: { detail: CredentialProblem }): string {
  switch (detail.problem) {
    case "shape":
      return 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".';
    case "service":
      return `incorrect service "${detail.found}". This endpoint belongs to "s3".`;
    case "terminal":
      return `incorrect terminal "${detail.found}". This endpoint uses "aws4_request".`;
    case "date":
      return `incorrect date format "${detail.found}". This date in the credential must be in the format "yyyyMMdd".`;
    case "otherDay":
      return (
        `Invalid credential date "${detail.credentialDate}". ` +
        `This date is not the same as X-Amz-Date: "${detail.requestDate}".`
      );
  }
}

function translateMismatch(failure: SignatureMismatch): TranslatedFailure {
  const details: Record<string, string> = {
    AWSAccessKeyId: failure.accessKeyId,
    StringToSign: failure.stringToSign,
    SignatureProvided: failure.signatureProvided,
    StringToSignBytes: byteList(failure.stringToSign),
  };
  if (failure.canonicalRequest !== undefined && failure.canonicalRequest.length <= byteListMaxBytes) {
    details.CanonicalRequest = failure.canonicalRequest;
    details.CanonicalRequestBytes = byteList(failure.canonicalRequest);
  }
  return {
    code: "SignatureDoesNotMatch",
    message:
      "The request signature we calculated does not match the signature you provided. Check your key and signing " +
      "method.",
    details,
  };
}

/** `47 45 54 …` */
function byteList(text: string): string {
  return Buffer.from(text, "utf8")
    .toString("hex")
    .replace(/..(?!$)/g, "$& ");
}

function invalidArgument(message: string, name: string, value?: string): TranslatedFailure {
  const details = { ArgumentName: name, ...(value === undefined ? {} : { ArgumentValue: value }) };
  return { code: "InvalidArgument", message, details };
}

function headerError(text: string): TranslatedFailure {
  return { code: "AuthorizationHeaderMalformed", message: `The authorization header is malformed; ${text}` };
}

function presignError(message: string): TranslatedFailure {
  return { code: "AuthorizationQueryParametersError", message };
}

function accessDenied(message: string, details?: Record<string, string>): TranslatedFailure {
  return details === undefined ? { code: "AccessDenied", message } : { code: "AccessDenied", message, details };
}

/** `2013-05-24T00:00:00Z` */
function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
