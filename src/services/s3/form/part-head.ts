import { S3Error } from "../errors/error.ts";

/** The head of a form's part. */
export interface PartHead {
  /** As sent. */
  readonly name: string;
  /** The file's name without folders; null if the part has none. */
  readonly fileName: string | null;
}

const parameter = /\s*;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\"|[^"])*)"|([^\s;"]*))/y;
/** Encodings of parts that change nothing. */
const plainEncodings: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);

/**
 * Reads the header lines of a part (RFC 7578 §4), without the empty line at their end. Only
 * Content-Disposition has a meaning: as at S3, a form field gives the file's type. Throws
 * MalformedPOSTRequest, or NotImplemented for a part in base64 or a similar encoding, which nothing
 * sends.
 */
export function parsePartHead(bytes: Uint8Array): PartHead {
  let disposition: string | null = null;
  for (const line of decodeUtf8(bytes).split("\r\n")) {
    const [, name, value = ""] = /^([!-9;-~]+):[ \t]*([\s\S]*)$/.exec(line) ?? [];
    if (name === undefined) throw new S3Error("MalformedPOSTRequest");
    switch (name.toLowerCase()) {
      case "content-disposition":
        if (disposition !== null) throw new S3Error("MalformedPOSTRequest");
        disposition = value.trim();
        break;
      case "content-transfer-encoding":
        if (!plainEncodings.has(value.trim().toLowerCase())) {
          throw new S3Error("NotImplemented", undefined, { Header: name });
        }
    }
  }
  return parseDisposition(disposition ?? "");
}

function parseDisposition(text: string): PartHead {
  const type = /^form-data(?=\s*;)/i.exec(text)?.[0];
  if (type === undefined) throw new S3Error("MalformedPOSTRequest");
  const parameters = new Map<string, string>();
  parameter.lastIndex = type.length;
  while (parameter.lastIndex < text.length) {
    const found = parameter.exec(text);
    if (found === null) throw new S3Error("MalformedPOSTRequest");
    const name = (found[1] as string).toLowerCase();
    if (parameters.has(name)) throw new S3Error("MalformedPOSTRequest");
    // Browsers escape nothing with a backslash, so only a quote counts as escaped: a Windows folder
    // ends with a backslash.
    parameters.set(name, found[2]?.replaceAll('\\"', '"') ?? found[3] ?? "");
  }
  const name = parameters.get("name");
  if (name === undefined || name === "") throw new S3Error("MalformedPOSTRequest");
  const fileName = parameters.get("filename") ?? decodeExtended(parameters.get("filename*"));
  return { name, fileName: fileName === undefined ? null : withoutFolders(fileName) };
}

/**
 * `utf-8''…` (RFC 8187): forms must not have it, but urllib3 sent it until 2023 for names that are
 * not ASCII.
 */
function decodeExtended(text: string | undefined): string | undefined {
  const value = /^utf-8'[^']*'(.*)$/i.exec(text ?? "")?.[1];
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new S3Error("MalformedPOSTRequest", undefined, {}, { cause });
  }
}

/** "Only the text following the last slash (/) or backslash (\) is used" (HTML form fields, `${filename}`). */
function withoutFolders(fileName: string): string {
  return fileName.slice(Math.max(fileName.lastIndexOf("/"), fileName.lastIndexOf("\\")) + 1);
}

/** Forms are UTF-8, at S3 always. Throws MalformedPOSTRequest. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new S3Error("MalformedPOSTRequest", undefined, {}, { cause });
  }
}
