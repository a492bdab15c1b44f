import type { ContextValue } from "../../../auth/policy/request.ts";
import { parseBasicTime } from "../../../auth/sigv4/timestamp.ts";
import type { EventHold, Tags } from "../../../store/types.ts";
import { holdDays, type RetentionChange } from "../../../store/write/change-retention.ts";
import { annotationDirective } from "../annotations/directive.ts";
import { S3Error } from "../errors/error.ts";
import { parseEventHold } from "../lock/event-hold.ts";
import { parseCopySource } from "../objects/copy-source.ts";
import type { Ask, Asking } from "./ask.ts";

/** Parts of a request for S3's condition keys. */
export interface RequestContext extends Asking {
  readonly isForm: boolean;
  readonly nowMs: number;
  /** `TLSv1.3`; null if it is not known. */
  readonly tlsVersion: string | null;
  /** Facts from its body, once that was read. */
  readonly body: BodyFacts;
}

/** Facts from a body that policies may use. */
export interface BodyFacts {
  /** New tags of the object. */
  tags?: Tags;
  legalHold?: string;
  retention?: RetentionChange;
  /** Tags that a bucket is to get, or keys of those to remove. */
  resourceTags?: Tags;
  resourceTagKeys?: readonly string[];
  locationConstraint?: string;
  objectOwnership?: string;
}

/** Context of an ask's decision. */
export interface AskContext {
  readonly request: RequestContext;
  readonly ask: Ask;
  /** Account id of the bucket's owner; null: there is no bucket yet. */
  readonly bucketAccount: string | null;
  /** Of the bucket, if they may decide; otherwise none. */
  readonly bucketTags: Tags;
  /** Tags of the existing object. */
  existingTags(): Tags | null;
}

const DAY_MS = 24 * 3600 * 1000;

/** Headers that condition keys repeat as sent, by the key's name in lower case. */
const HEADERS: ReadonlyMap<string, string> = new Map(
  [
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "x-amz-content-sha256",
    "x-amz-object-if-match",
    "x-amz-bucket-namespace",
    "if-match",
    "if-none-match",
  ].map((name) => [`s3:${name}`, name]),
);

const LISTS: ReadonlySet<string> = new Set(["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]);
/** Keys that are parameters of listings. */
const PARAMETERS: ReadonlySet<string> = new Set(["s3:prefix", "s3:delimiter", "s3:max-keys"]);

/**
 * The value of one of S3's condition keys (its name in lower case), or undefined if the request
 * does not have it.
 *
 * Follows "Actions, resources, and condition keys for Amazon S3" in the Service Authorization
 * Reference, and "Amazon S3 Signature Version 4 Authentication Specific Policy Keys" in the API
 * reference.
 */
export function contextValue(key: string, context: AskContext): ContextValue | undefined {
  if (!key.startsWith("s3:")) return globalValue(key, context);
  const { request, ask } = context;
  const header = HEADERS.get(key);
  if (header !== undefined) return request.headers.get(header) ?? undefined;
  if (PARAMETERS.has(key)) return LISTS.has(ask.action) ? (request.query.get(key.slice(3)) ?? undefined) : undefined;
  if (key.startsWith("s3:buckettag/")) return tagValue(context.bucketTags, key);
  if (key.startsWith("s3:existingobjecttag/")) return tagValue(context.existingTags(), key);
  if (key.startsWith("s3:requestobjecttag/")) return tagValue(requestTags(request), key);
  if (key.startsWith("s3:object-lock-")) return lockValue(key, request);
  switch (key) {
    case "s3:requestobjecttagkeys":
      return requestTags(request)?.map(([name]) => name);
    case "s3:versionid":
      return ask.versionId;
    case "s3:x-amz-object-annotation-directive":
      return annotationDirective(request) ?? undefined;
    case "s3:annotation-prefix":
    case "s3:max-annotation-results":
      return ask.action.startsWith("s3:ListObject") ? (request.query.get(key.slice(3)) ?? undefined) : undefined;
    case "s3:x-amz-copy-source":
      return copySource(request.headers);
    case "s3:objectcreationoperation":
      return ask.action === "s3:PutObject" ? String(!request.query.has("uploads") && !isPart(request)) : undefined;
    case "s3:locationconstraint":
      return request.body.locationConstraint;
    case "s3:x-amz-object-ownership":
      return request.body.objectOwnership ?? request.headers.get("x-amz-object-ownership") ?? undefined;
    case "s3:resourceaccount":
      return context.bucketAccount ?? undefined;
    case "s3:tlsversion":
      return /^TLSv(\d\.\d)$/.exec(request.tlsVersion ?? "")?.[1];
    case "s3:authtype":
    case "s3:signatureversion":
    case "s3:signatureage":
      return signatureValue(key, request);
    default:
      return undefined;
  }
}

/** AWS's global keys whose value only a service knows. */
function globalValue(key: string, { bucketAccount, bucketTags, request }: AskContext): ContextValue | undefined {
  const { resourceTags, resourceTagKeys } = request.body;
  if (key === "aws:resourceaccount") return bucketAccount ?? undefined;
  if (key.startsWith("aws:resourcetag/")) return tagValue(bucketTags, key);
  if (key.startsWith("aws:requesttag/")) return tagValue(resourceTags ?? null, key);
  if (key === "aws:tagkeys") return resourceTagKeys ?? resourceTags?.map(([name]) => name);
  return undefined;
}

function isPart({ query }: RequestContext): boolean {
  return query.has("partNumber");
}

function tagValue(tags: Tags | null, key: string): string | undefined {
  const name = key.slice(key.indexOf("/") + 1);
  return tags?.find(([tag]) => tag.toLowerCase() === name)?.[1];
}

function requestTags({ headers, body }: RequestContext): Tags | null {
  if (body.tags !== undefined) return body.tags;
  const text = headers.get("x-amz-tagging");
  return text === null ? null : [...new URLSearchParams(text)];
}

function lockValue(key: string, { headers, body, nowMs }: RequestContext): string | undefined {
  const hold = body.legalHold ?? headers.get("x-amz-object-lock-legal-hold");
  if (key === "s3:object-lock-legal-hold") return hold ?? undefined;
  const eventHold = body.retention ? body.retention.eventHold : headersHold(headers);
  if (key === "s3:object-lock-event-hold") return eventHold?.status;
  if (key === "s3:object-lock-event-hold-duration-days") {
    return eventHold?.status === "ON" ? String(holdDays(eventHold.duration)) : undefined;
  }
  const mode = body.retention?.retention?.mode ?? headers.get("x-amz-object-lock-mode");
  if (key === "s3:object-lock-mode") return mode ?? undefined;
  const sent = headers.get("x-amz-object-lock-retain-until-date");
  const untilMs = body.retention?.retention?.untilMs ?? (sent === null ? Number.NaN : Date.parse(sent));
  if (Number.isNaN(untilMs) || untilMs === 0) return undefined;
  if (key === "s3:object-lock-retain-until-date") return new Date(untilMs).toISOString();
  if (key === "s3:object-lock-remaining-retention-days") return String(Math.ceil((untilMs - nowMs) / DAY_MS));
  return undefined;
}

/**
 * The event hold in a write's headers. Undefined also if they are malformed, because the write is
 * then refused.
 */
function headersHold(headers: Headers): EventHold | undefined {
  const text = (name: string) => headers.get(`x-amz-object-lock-event-hold${name}`);
  const names = { status: "", days: "", years: "" };
  try {
    return parseEventHold(text(""), { days: text("-duration-days"), years: text("-duration-years") }, names);
  } catch (error) {
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}

/** `bucket/key`, decoded and without a leading slash, as in the documentation's examples. */
function copySource(headers: Headers): string | undefined {
  const text = headers.get("x-amz-copy-source");
  if (text === null) return undefined;
  try {
    const { bucket, key } = parseCopySource(text);
    return `${bucket}/${key}`;
  } catch (error) {
    // Copies were refused before. For other operations the header has no meaning.
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}

function signatureValue(key: string, { headers, query, isForm, nowMs }: RequestContext): string | undefined {
  const inHeader = headers.get("authorization");
  const inQuery = query.has("X-Amz-Signature") || query.has("Signature");
  if (inHeader === null && !inQuery && !isForm) return undefined;
  switch (key) {
    case "s3:authtype":
      return isForm ? "POST" : inQuery ? "REST-QUERY-STRING" : "REST-HEADER";
    case "s3:signatureversion":
      return query.has("Signature") || inHeader?.startsWith("AWS ") ? "AWS" : "AWS4-HMAC-SHA256";
    default: {
      const signed = parseBasicTime(query.get("X-Amz-Date") ?? headers.get("x-amz-date") ?? "");
      return signed === null ? undefined : String(Math.max(0, nowMs - signed));
    }
  }
}
