import { JsonError } from "../../../protocols/aws-json/error.ts";

/** How an error of SQS is answered besides its name: its status, and its code in the query protocol if that is another. */
interface ErrorKind {
  readonly status: number;
  readonly queryCode?: string;
}

const simple = "AWS.SimpleQueueService";

/** The errors of the SQS API Reference, with the statuses and query codes of its model. */
const KINDS = {
  AccessDeniedException: { status: 403, queryCode: "AccessDenied" },
  BatchEntryIdsNotDistinct: { status: 400, queryCode: `${simple}.BatchEntryIdsNotDistinct` },
  BatchRequestTooLong: { status: 400, queryCode: `${simple}.BatchRequestTooLong` },
  EmptyBatchRequest: { status: 400, queryCode: `${simple}.EmptyBatchRequest` },
  InvalidAddress: { status: 404 },
  InvalidAttributeName: { status: 400 },
  InvalidAttributeValue: { status: 400 },
  InvalidBatchEntryId: { status: 400, queryCode: `${simple}.InvalidBatchEntryId` },
  InvalidMessageContents: { status: 400 },
  InvalidParameterValueException: { status: 400, queryCode: "InvalidParameterValue" },
  KmsAccessDenied: { status: 400, queryCode: "KMS.AccessDeniedException" },
  KmsDisabled: { status: 400, queryCode: "KMS.DisabledException" },
  KmsInvalidKeyUsage: { status: 400, queryCode: "KMS.InvalidKeyUsageException" },
  KmsInvalidState: { status: 400, queryCode: "KMS.InvalidStateException" },
  KmsNotFound: { status: 400, queryCode: "KMS.NotFoundException" },
  KmsOptInRequired: { status: 403, queryCode: "KMS.OptInRequired" },
  MissingRequiredParameterException: { status: 400, queryCode: "MissingParameter" },
  OverLimit: { status: 403 },
  PurgeQueueInProgress: { status: 403, queryCode: `${simple}.PurgeQueueInProgress` },
  QueueDeletedRecently: { status: 400, queryCode: `${simple}.QueueDeletedRecently` },
  QueueDoesNotExist: { status: 400, queryCode: `${simple}.NonExistentQueue` },
  QueueNameExists: { status: 400, queryCode: "QueueAlreadyExists" },
  ReceiptHandleIsInvalid: { status: 404 },
  RequestThrottled: { status: 400 },
  ResourceNotFoundException: { status: 404 },
  TooManyEntriesInBatchRequest: { status: 400, queryCode: `${simple}.TooManyEntriesInBatchRequest` },
  UnsupportedOperation: { status: 400, queryCode: `${simple}.UnsupportedOperation` },
} as const satisfies Record<string, ErrorKind>;

export type SqsErrorName = keyof typeof KINDS;

export function sqsError(name: SqsErrorName, message: string): JsonError {
  return new JsonError(name, KINDS[name].status, message);
}

/** The code of an error in the query protocol. */
export function queryCodeOf({ type }: JsonError): string {
  const kind: ErrorKind | undefined = (KINDS as Readonly<Record<string, ErrorKind>>)[type];
  return kind?.queryCode ?? COMMON_CODES[type] ?? type;
}

/** Errors that all services have, under the names that the query protocol has for them. */
const COMMON_CODES: Readonly<Record<string, string>> = {
  ExpiredTokenException: "ExpiredToken",
  IncompleteSignatureException: "IncompleteSignature",
  InvalidSignatureException: "SignatureDoesNotMatch",
  MissingAuthenticationTokenException: "MissingAuthenticationToken",
  SerializationException: "MalformedInput",
  ServiceUnavailableException: "ServiceUnavailable",
  UnrecognizedClientException: "InvalidClientTokenId",
  ValidationException: "ValidationError",
};

export function invalidParameter(message: string): JsonError {
  return sqsError("InvalidParameterValueException", message);
}

/** `Value 11 for parameter MaxNumberOfMessages is invalid. Reason: …` */
export function invalidValue(value: string | number, parameter: string, reason: string): JsonError {
  return invalidParameter(
    `Value ${`${value}`.slice(0, 1024)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}

export function missingParameter(parameter: string): JsonError {
  return sqsError("MissingRequiredParameterException", `The request must contain the parameter ${parameter}.`);
}

export function noSuchQueue(): JsonError {
  return sqsError("QueueDoesNotExist", "The specified queue does not exist.");
}

export function invalidAttribute(name: string): JsonError {
  return sqsError("InvalidAttributeName", `Unknown Attribute ${name.slice(0, 256)}.`);
}

export function invalidAttributeValue(name: string, reason?: string): JsonError {
  const why = reason === undefined ? "" : ` Reason: ${reason}`;
  return sqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.${why}`);
}

/** A failed entry of a batch. */
export interface BatchFailure {
  readonly [name: string]: string | boolean;
}

export function batchFailure(Id: string, error: JsonError): BatchFailure {
  return { Id, SenderFault: error.fault === "Sender", Code: queryCodeOf(error), Message: error.message };
}
