import {
  type Ask,
  type Asking,
  type Asks,
  aclAsks,
  bypassAsks,
  namedObject,
  objectAsk,
  ofKey,
  ofObject,
} from "../gate/ask.ts";
import { type CopySource, parseCopySource } from "./copy-source.ts";
import { parseRenameSource } from "./rename-source.ts";

/*
 * What operations on objects ask for. Follows "Required permissions for Amazon S3 API operations" in the S3 User Guide.
 */

const RETENTION_HEADERS = [
  "x-amz-object-lock-mode",
  "x-amz-object-lock-retain-until-date",
  "x-amz-object-lock-event-hold",
];
const LEGAL_HOLD_HEADER = "x-amz-object-lock-legal-hold";

/** A condition on an ETag reveals something; "*" reveals no more than the write does. */
const etagAsks: Asks = (asking) => {
  const ifMatch = asking.headers.get("if-match");
  return ifMatch === null || ifMatch.trim() === "*" ? [] : ofKey("s3:GetObject")(asking);
};

/** CompleteMultipartUpload. */
export const completeUpload: Asks = (asking) => [...ofKey("s3:PutObject")(asking), ...etagAsks(asking)];

/** DeleteObject. */
export const deleteObject: Asks = (asking) => [
  ...deleteAsks(namedObject(asking)),
  ...etagAsks(asking),
  ...bypassAsks(asking),
];

/**
 * A new object: the object itself, and each of ACL, retention and legal hold in its headers. Tags
 * are separate.
 */
const newObject: Asks = (asking) => [
  ...ofKey("s3:PutObject")(asking),
  ...aclAsks("s3:PutObjectAcl", "key")(asking),
  ...(RETENTION_HEADERS.some((name) => asking.headers.has(name)) ? ofKey("s3:PutObjectRetention")(asking) : []),
  ...(asking.headers.has(LEGAL_HOLD_HEADER) ? ofKey("s3:PutObjectLegalHold")(asking) : []),
  ...etagAsks(asking),
];

/** PutObject, PostObject, CreateMultipartUpload. */
export const writeObject: Asks = (asking) => [
  ...newObject(asking),
  ...(asking.headers.has("x-amz-tagging") ? ofKey("s3:PutObjectTagging")(asking) : []),
];

/** CopyObject. If it copies tags, `copiedTags` has further asks. */
export const copyObject: Asks = (asking) => [
  ...copiedFrom(asking),
  ...newObject(asking),
  ...(replacesTags(asking.headers) ? ofKey("s3:PutObjectTagging")(asking) : []),
];

/** UploadPartCopy. */
export const copyPart: Asks = (asking) => [...copiedFrom(asking), ...ofKey("s3:PutObject")(asking)];

/** Further asks of a copy, once its source is known to have tags that are copied. */
export function copiedTags(asking: Asking, source: CopySource): readonly Ask[] {
  return [
    objectAsk(source, "s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    ...ofKey("s3:PutObjectTagging")(asking),
  ];
}

/** Further asks of a copy, once its source is known to have annotations that are copied. */
export function copiedAnnotations(asking: Asking, source: CopySource): readonly Ask[] {
  return [
    objectAsk(source, "s3:GetObjectAnnotation", "s3:GetObjectVersionAnnotation"),
    ...ofKey("s3:PutObjectAnnotation")(asking),
  ];
}

/**
 * PutObjectAnnotation and DeleteObjectAnnotation; the condition on the object's ETag reveals as
 * much as `If-Match` does.
 */
export function changeAnnotation(action: string, versionAction: string): Asks {
  return (asking) => [
    ...ofObject(action, versionAction)(asking),
    ...(asking.headers.has("x-amz-object-if-match") ? ofObject("s3:GetObject", "s3:GetObjectVersion")(asking) : []),
    ...bypassAsks(asking),
  ];
}

/**
 * RenameObject. AWS has it for directory buckets only, by a session: here it asks for the
 * permissions of its effects.
 */
export const renameObject: Asks = (asking) => {
  const source = { ...asking, key: parseRenameSource(asking.headers) };
  return [
    objectAsk({ bucket: source.bucket, key: source.key }, "s3:GetObject", "s3:GetObjectVersion"),
    ...ofKey("s3:DeleteObject")(source),
    ...ofKey("s3:PutObject")(asking),
    ...etagAsks(asking),
  ];
};

/** One key or version to delete. `byEtag`: only if it has a certain ETag. */
export function deleteAsks({
  bucket,
  key,
  versionId,
  byEtag = false,
}: {
  bucket: string;
  key: string;
  versionId?: string;
  byEtag?: boolean;
}): readonly Ask[] {
  const place = { subject: "key", bucket, key } as const;
  const deletion =
    versionId === undefined
      ? { action: "s3:DeleteObject", ...place }
      : { action: "s3:DeleteObjectVersion", ...place, versionId };
  return byEtag ? [deletion, { action: "s3:GetObject", ...place }] : [deletion];
}

function copiedFrom({ headers }: Asking): readonly Ask[] {
  const source = parseCopySource(headers.get("x-amz-copy-source") ?? "");
  return [objectAsk(source, "s3:GetObject", "s3:GetObjectVersion")];
}

function replacesTags(headers: Headers): boolean {
  return headers.get("x-amz-tagging-directive") === "REPLACE" && headers.has("x-amz-tagging");
}
