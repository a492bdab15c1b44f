/** What is logged of one request, whatever the service. Query, headers and bodies are never in it: they may hold signatures. */
export interface RequestLine {
  /** The request's id: `x-amz-request-id` of the answer. */
  request: string;
  /** When it arrived, in the form of ISO 8601. */
  time: string;
  /** IP address of the client, if it is known. */
  client?: string;
  method: string;
  /** As it arrived, without the query. */
  path: string;
  operation: string;
  status: number;
  /** AWS's code of the error that was answered. */
  error?: string;
  /** Until the last byte of the answer. */
  ms: number;
}

/** Begins the JSON form of each line, so that it can be told from whatever else is logged. */
const BEGINNING = '{"request":';

export function toJsonLine({ request, ...rest }: RequestLine): string {
  return JSON.stringify({ request, ...rest });
}

/** Null if the text is no line about a request. */
export function parseJsonLine(text: string): RequestLine | null {
  return text.startsWith(BEGINNING) ? (JSON.parse(text) as RequestLine) : null;
}

/** The line as people read it: time, client, method, path, operation, status and error code, time taken, id. */
export function toTextLine(line: RequestLine): string {
  const { time, client = "-", method, path, operation, status, error, ms, request } = line;
  const outcome = error === undefined ? `${status}` : `${status} ${error}`;
  return `${time} ${client} ${method} ${path} ${operation} ${outcome} ${ms}ms ${request}`;
}
