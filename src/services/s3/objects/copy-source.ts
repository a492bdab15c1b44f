import { StoreError } from "../../../store/failure.ts";
import { checkKeyLength } from "../address/target.ts";
import { S3Error } from "../errors/error.ts";
import { checkVersionId } from "./version-id.ts";

/** The source of a copy. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  /** Absent: the current version. */
  readonly versionId?: string;
}

const HEADER = "x-amz-copy-source";

/**
 * Reads x-amz-copy-source: `[/]bucket/key[?versionId=id]`, percent-encoded; as in S3, a plus sign
 * is a space. Throws InvalidArgument if it is malformed.
 */
export function parseCopySource(text: string): CopySource {
  const { path, versionId } = splitVersion(text);
  const decoded = decode(path, text);
  if (decoded.startsWith("arn:")) throw invalid("Invalid copy source bucket name", text);
  const slash = decoded.indexOf("/");
  if (slash === -1) {
    throw invalid("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", text);
  }
  const bucket = decoded.slice(0, slash);
  const key = decoded.slice(slash + 1);
  if (!/^[A-Za-z0-9][A-Za-z0-9.\-_]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    throw invalid("Invalid copy source bucket name", text);
  }
  if (key === "" || key.includes("\0")) throw invalid("Invalid copy source object key", text);
  checkKeyLength(key);
  if (versionId === null) return { bucket, key };
  checkVersionId(versionId);
  return { bucket, key, versionId };
}

/**
 * The version is appended unencoded, so it is split off before the rest is decoded: a key may hold
 * an encoded `?`.
 */
function splitVersion(text: string): { path: string; versionId: string | null } {
  const mark = text.lastIndexOf("?versionId=");
  if (mark === -1) return { path: text, versionId: null };
  return { path: text.slice(0, mark), versionId: text.slice(mark + "?versionId=".length) };
}

function decode(path: string, text: string): string {
  try {
    const decoded = decodeURIComponent(path.replaceAll("+", " "));
    return decoded.startsWith("/") ? decoded.slice(1) : decoded;
  } catch (error) {
    if (error instanceof URIError) throw invalid("Invalid copy source encoding", text);
    throw error;
  }
}

/** The header with the source's version id. */
export function copySourceHeader(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { "x-amz-copy-source-version-id": versionId };
}

/**
 * Waits for a copy. If its source names a delete marker, the method is not wrong, but the request
 * is.
 */
export async function ofCopySource<T>(copying: Promise<T>): Promise<T> {
  try {
    return await copying;
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure.kind !== "is-delete-marker") throw error;
    throw new S3Error(
      "InvalidRequest",
      "The source of a copy request may not specifically refer to a delete marker by version id.",
    );
  }
}

function invalid(message: string, text: string): S3Error {
  return new S3Error("InvalidArgument", message, { ArgumentName: HEADER, ArgumentValue: text });
}
