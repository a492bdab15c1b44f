/** Why a query is not run. `message` says what is wrong, `hint` what would help, `position` where: the first character's index, from 0. */
export class QueryRefused extends Error {
  readonly code: QueryFailure;
  readonly hint: string | null;
  readonly position: number | null;

  constructor(code: QueryFailure, message: string, hint: string | null = null, position: number | null = null) {
    super(message);
    this.name = "QueryRefused";
    this.code = code;
    this.hint = hint;
    this.position = position;
  }
}

export type QueryFailure =
  /** It is not SQL, or more than one statement. */
  | "SyntaxError"
  /** A statement, clause or function that is not on the list. */
  | "NotAllowed"
  /** A table, column or parameter that is not there, or a type that does not fit. */
  | "InvalidQuery"
  /** A limit: of length, depth, rows read, time, memory, result. */
  | "LimitExceeded"
  /** The caller may not ask this table. */
  | "AccessDenied"
  /** The token is none of this query's. */
  | "InvalidToken";
