/** Begins each line that the Worker says about a request, where SHERD_LOG_REQUESTS is `json`. */
const BEGINNING = '{"request":';

export function isRequestLine(message: string): boolean {
  return message.startsWith(BEGINNING);
}

interface RequestLine {
  request: string;
  time: string;
  client?: string;
  operation: string;
  method: string;
  path: string;
  status: number;
  error?: string;
  ms: number;
}

/** The line as people read it: time, client, method, path, operation, status, error code, time taken, request id. */
export function readableRequestLine(message: string): string {
  const line = JSON.parse(message) as RequestLine;
  const { time, client = "-", method, path, operation, status, error, ms, request } = line;
  const outcome = error === undefined ? `${status}` : `${status} ${error}`;
  return `${time} ${client} ${method} ${path} ${operation} ${outcome} ${ms}ms ${request}`;
}
