import type { KeyringError, KeyringFailure } from "../../../keyring/failure.ts";
import { JsonError, validationException } from "../../../protocols/aws-json/error.ts";

/** Errors of the AWS KMS API Reference, by their names there. */
export function kmsError(type: KmsErrorType, message: string, options?: { cause?: unknown }): JsonError {
  return new JsonError(type, STATUS[type], message, options);
}

const STATUS = {
  AlreadyExistsException: 400,
  ConflictException: 400,
  CustomKeyStoreNotFoundException: 400,
  DependencyTimeoutException: 503,
  DisabledException: 400,
  DryRunOperationException: 412,
  IncorrectKeyException: 400,
  InvalidAliasNameException: 400,
  InvalidArnException: 400,
  InvalidCiphertextException: 400,
  InvalidGrantIdException: 400,
  InvalidGrantTokenException: 400,
  InvalidMarkerException: 400,
  KMSInternalException: 500,
  KMSInvalidStateException: 400,
  KeyUnavailableException: 500,
  LimitExceededException: 400,
  MalformedPolicyDocumentException: 400,
  NotFoundException: 400,
  TagException: 400,
  UnsupportedOperationException: 400,
} as const;

export type KmsErrorType = keyof typeof STATUS;

export function notFound(message: string): JsonError {
  return kmsError("NotFoundException", message);
}

/** What AWS KMS says of something that it has and this server has not: it is named. */
export function unsupported(what: string): JsonError {
  return kmsError("UnsupportedOperationException", `${what} is not implemented by this server.`);
}

export function invalidParameter(message: string): JsonError {
  return validationException(message);
}

/** How a failure of the keyring is answered. */
export function fromKeyring({ failure, message }: KeyringError): JsonError {
  return kmsError(TYPES[failure.kind], failure.kind === "invalid-ciphertext" ? "" : message, {
    ...(failure.kind === "unreadable" && { cause: new Error(message) }),
  });
}

const TYPES: Readonly<Record<KeyringFailure["kind"], KmsErrorType>> = {
  "not-found": "NotFoundException",
  disabled: "DisabledException",
  "pending-deletion": "KMSInvalidStateException",
  "invalid-ciphertext": "InvalidCiphertextException",
  unreadable: "KeyUnavailableException",
  unreachable: "DependencyTimeoutException",
  refused: "KMSInvalidStateException",
};
