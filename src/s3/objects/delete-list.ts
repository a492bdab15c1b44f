import { S3Error, type S3ErrorCode } from "../error.ts";
import { child, childrenOf, childText, readXml, type XmlElement } from "../xml/read.ts";
import { refuseOtherVersions } from "./version-id.ts";

/** S3's limit on the keys of one DeleteObjects. */
export const DELETE_KEYS_MAX = 1000;
const KEY_MAX_BYTES = 1024;

/** One member of the list. */
export interface Deletion {
  readonly key: string;
  readonly versionId: string | undefined;
  /** Why it cannot be deleted, as far as the request itself tells. */
  readonly refusal: { readonly code: S3ErrorCode; readonly message: string } | null;
}

export interface DeleteList {
  /** Only failures are answered. */
  readonly quiet: boolean;
  readonly deletions: readonly Deletion[];
}

/** Reads the body of DeleteObjects. Throws MalformedXML, also for an empty list and for more than 1,000 keys. */
export function parseDeleteList(body: Uint8Array): DeleteList {
  const root = readXml(body, "Delete");
  const objects = childrenOf(root, "Object");
  if (objects.length === 0 || objects.length > DELETE_KEYS_MAX) throw new S3Error("MalformedXML");
  return { quiet: parseBoolean(childText(root, "Quiet")), deletions: objects.map(parseDeletion) };
}

function parseBoolean(text: string | undefined): boolean {
  switch (text?.trim().toLowerCase()) {
    case "true":
    case "1":
      return true;
    case undefined:
    case "":
    case "false":
    case "0":
      return false;
    default:
      throw new S3Error("MalformedXML");
  }
}

function parseDeletion(object: XmlElement): Deletion {
  const key = childText(object, "Key");
  if (key === undefined) throw new S3Error("MalformedXML");
  const versionId = childText(object, "VersionId");
  try {
    checkDeletion(object, key, versionId);
    return { key, versionId, refusal: null };
  } catch (error) {
    // What is wrong with one key is answered beside it; the others are deleted.
    if (!(error instanceof S3Error)) throw error;
    return { key, versionId, refusal: { code: error.code, message: error.message } };
  }
}

function checkDeletion(object: XmlElement, key: string, versionId: string | undefined): void {
  if (key === "" || key.includes("\0")) throw new S3Error("UserKeyMustBeSpecified", "The key must not be empty");
  if (new TextEncoder().encode(key).length > KEY_MAX_BYTES) throw new S3Error("KeyTooLongError");
  // Conditions on what is deleted: to ignore one would delete what the client wants kept.
  for (const condition of ["ETag", "LastModifiedTime", "Size"]) {
    if (child(object, condition)) throw new S3Error("NotImplemented", `${condition} of an Object is not implemented`);
  }
  refuseOtherVersions(versionId, key);
}
