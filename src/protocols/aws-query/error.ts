/** An error that a query service answers with. Anything else that is thrown is a bug. */
export class QueryError extends Error {
  /** AWS's code: `NoSuchEntity`. */
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "QueryError";
    this.code = code;
    this.status = status;
  }

  /** Whose fault it is, in AWS's words. */
  get type(): "Sender" | "Receiver" {
    return this.status < 500 ? "Sender" : "Receiver";
  }
}

/** Codes that all query services have. */
export function validationError(message: string): QueryError {
  return new QueryError("ValidationError", 400, message);
}
