import type { ObjectHead } from "../../../store/types.ts";
import { checksumAnswerHeaders } from "../body/checksums.ts";
import { encryptionHeaders } from "../encryption/headers.ts";
import { lockHeaders } from "../lock/headers.ts";
import { attributeHeaders } from "./attributes.ts";
import { validatorHeaders } from "./conditions.ts";
import type { RangeRequest, Selection } from "./range.ts";
import { STORAGE_CLASS_DEFAULT } from "./storage-class.ts";
import { versionHeader } from "./version-id.ts";

/** The request of a GET or HEAD, and the part of the object that it gets. */
export interface Read {
  readonly request: RangeRequest;
  readonly selection: Selection;
  /** x-amz-checksum-mode: ENABLED. */
  readonly withChecksum: boolean;
  readonly nowMs: number;
}

/** The headers that GetObject and HeadObject share. */
export function objectHeaders(head: ObjectHead, read: Read): Record<string, string> {
  const { contentRange, partsCount } = read.selection;
  return {
    ...attributeHeaders(head.attributes),
    ...validatorHeaders(head),
    ...versionHeader(head.versionId),
    "Accept-Ranges": "bytes",
    ...encryptionHeaders(head.encryption),
    ...(contentRange !== undefined && { "Content-Range": contentRange }),
    ...(partsCount !== undefined && { "x-amz-mp-parts-count": String(partsCount) }),
    ...(head.tags.length > 0 && { "x-amz-tagging-count": String(head.tags.length) }),
    ...lockHeaders(head.lock, read.nowMs),
    ...(head.storageClass !== STORAGE_CLASS_DEFAULT && { "x-amz-storage-class": head.storageClass }),
    ...(read.withChecksum && readChecksum(head, read)),
  };
}

/**
 * The checksum of exactly the returned bytes, which clients verify: the object's with the whole
 * object, a part's with a part, none with a range.
 */
function readChecksum({ checksum, parts }: ObjectHead, { request, selection }: Read): Record<string, string> {
  if (checksum === undefined || request.kind === "span" || request.kind === "suffix") return {};
  if (request.kind === "whole" || parts === undefined) return checksumAnswerHeaders(checksum);
  if (selection.partChecksum === undefined) return {};
  return checksumAnswerHeaders({ ...checksum, value: selection.partChecksum });
}
