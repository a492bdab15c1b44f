import { checkKeyLength } from "../address/target.ts";
import { S3Error } from "../errors/error.ts";

const HEADER = "x-amz-rename-source";

/**
 * Reads x-amz-rename-source: `[/]key`, a key of the same bucket, percent-encoded; a plus sign is a
 * space. Throws InvalidArgument, InvalidRequest if it is absent.
 */
export function parseRenameSource(headers: Headers): string {
  const text = headers.get(HEADER) ?? "";
  if (text === "") throw new S3Error("InvalidRequest", `Missing required header for this request: ${HEADER}`);
  const key = decode(text);
  if (key === "" || key.includes("\0")) throw invalid("Invalid rename source object key", text);
  checkKeyLength(key);
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
