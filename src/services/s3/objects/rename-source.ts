import { S3Error } from "../errors/error.ts";

const HEADER = "x-amz-rename-source";
const KEY_MAX_BYTES = 1024;

/**
 * Reads x-amz-rename-source: `[/]key`, a key of the same bucket, percent-encoded, a plus sign standing for a space. Throws
 * InvalidArgument, InvalidRequest where it is absent.
 */
export function parseRenameSource(headers: Headers): string {
  const text = headers.get(HEADER) ?? "";
  if (text === "") throw new S3Error("InvalidRequest", `Missing required header for this request: ${HEADER}`);
  const key = decode(text);
  if (key === "" || key.includes("\0")) throw invalid("Invalid rename source object key", text);
  if (new TextEncoder().encode(key).length > KEY_MAX_BYTES) throw new S3Error("KeyTooLongError");
  return key;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " ")).replace(/^\//, "");
  } catch (error) {
    if (error instanceof URIError) throw invalid("Invalid rename source encoding", text);
    throw error;
  }
}

function invalid(message: string, text: string): S3Error {
  return new S3Error("InvalidArgument", message, { ArgumentName: HEADER, ArgumentValue: text });
}
