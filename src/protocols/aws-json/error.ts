/** An error that a service with JSON documents answers with. Anything else that is thrown is a bug. */
export class JsonError extends Error {
  /** The name of the error's shape, which is `__type` in the document: `NotFoundException`. */
  readonly type: string;
  readonly status: number;
  /** Further members of the document. */
  readonly members: Readonly<Record<string, string | number | boolean>>;

  constructor(type: string, status: number, message: string, options: JsonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "JsonError";
    this.type = type;
    this.status = status;
    this.members = options.members ?? {};
  }

  /** Whose fault it is, in AWS's words. */
  get fault(): "Sender" | "Receiver" {
    return this.status < 500 ? "Sender" : "Receiver";
  }
}

export interface JsonErrorOptions {
  readonly members?: JsonError["members"];
  readonly cause?: unknown;
}

/** The body cannot be read: it is no JSON, or a value is of another type than the operation's. */
export function serializationException(message: string): JsonError {
  return new JsonError("SerializationException", 400, message);
}

/** Members break the model's constraints. */
export function validationException(message: string): JsonError {
  return new JsonError("ValidationException", 400, message);
}
