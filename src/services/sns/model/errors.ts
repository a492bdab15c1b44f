import { QueryError } from "../../../protocols/aws-query/error.ts";

/** The errors of the SNS API Reference, by their codes in answers, with their statuses. */
const STATUSES = {
  AuthorizationError: 403,
  BatchEntryIdsNotDistinct: 400,
  BatchRequestTooLong: 400,
  ConcurrentAccess: 400,
  EmptyBatchRequest: 400,
  FilterPolicyLimitExceeded: 403,
  InvalidBatchEntryId: 400,
  InvalidParameter: 400,
  NotFound: 404,
  ParameterValueInvalid: 400,
  ResourceNotFound: 404,
  TagLimitExceeded: 400,
  TooManyEntriesInBatchRequest: 400,
} as const;

export function snsError(code: keyof typeof STATUSES, message: string): QueryError {
  return new QueryError(code, STATUSES[code], message);
}

/** `Invalid parameter: Subject`, with a reason if there is one. */
export function invalidParameter(name: string, reason?: string): QueryError {
  return snsError("InvalidParameter", `Invalid parameter: ${name}${reason === undefined ? "" : ` Reason: ${reason}`}`);
}

export function noSuchTopic(): QueryError {
  return snsError("NotFound", "Topic does not exist");
}

export function noSuchSubscription(): QueryError {
  return snsError("NotFound", "Subscription does not exist");
}

/** What is not built is refused by name, so nobody takes it for read. */
export function notBuilt(what: string): QueryError {
  return new QueryError("NotImplemented", 501, `${what} is not implemented by this server.`);
}
