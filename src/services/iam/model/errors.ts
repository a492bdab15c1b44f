import { QueryError } from "../../../protocols/aws-query/error.ts";

/** IAM's errors with their status, as the API Reference lists them for each operation. */
export function noSuchEntity(message: string): QueryError {
  return new QueryError("NoSuchEntity", 404, message);
}

export function entityAlreadyExists(message: string): QueryError {
  return new QueryError("EntityAlreadyExists", 409, message);
}

export function deleteConflict(message: string): QueryError {
  return new QueryError("DeleteConflict", 409, message);
}

export function limitExceeded(message: string): QueryError {
  return new QueryError("LimitExceeded", 409, message);
}

export function invalidInput(message: string): QueryError {
  return new QueryError("InvalidInput", 400, message);
}

/** `what` in AWS's words: `AccessKeysPerUser`. */
export function quotaExceeded(what: string, quota: number): QueryError {
  return limitExceeded(`Cannot exceed quota for ${what}: ${quota}`);
}
