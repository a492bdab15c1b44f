import type { NewsDetail, Origin } from "../metadata/events/outbox.ts";

/** A change to an object, as the outbox has it. */
export interface Change {
  /** Order of all changes in the database, and so of those of a key. */
  readonly id: number;
  readonly bucket: string;
  /** Canonical id of the bucket's owner. */
  readonly owner: string;
  readonly region: string;
  readonly key: string;
  /** `ObjectCreated:Put` and the like. */
  readonly event: string;
  /** Null where the bucket has no versions, and for the null version. */
  readonly versionId: string | null;
  /** Null for removals. */
  readonly sizeBytes: number | null;
  readonly etag: string | null;
  readonly atMs: number;
  readonly origin: Origin | null;
  readonly detail: NewsDetail | null;
}

/** Versions of the two forms. Since 2.4 S3 has one for all kinds of events. */
const FORM = "2.5";
const BUS_FORM = "1.1";

/** What S3 tells as the ETag of a delete marker: that of nothing. */
const MARKER_ETAG = "d41d8cd98f00b204e9800998ecf8427e";

/**
 * The message that S3 sends of one change, as JSON text. `configurationId`: id of the rule that asked for it. Changes of a key are in
 * the order of their sequencers, compared as text. S3 gives sequencers to creations and removals alone; here all kinds have them.
 *
 * Follows "Event message structure", version 2.5, in the Amazon S3 User Guide.
 */
export function eventMessage(change: Change, configurationId: string): string {
  const { bucket, owner, region, event, atMs, origin } = change;
  const record = {
    eventVersion: FORM,
    eventSource: "aws:s3",
    awsRegion: region,
    eventTime: new Date(atMs).toISOString(),
    eventName: event,
    userIdentity: { principalId: origin?.requester ?? "s3.amazonaws.com" },
    requestParameters: { sourceIPAddress: origin?.sourceIp ?? "s3.amazonaws.com" },
    responseElements: {
      "x-amz-request-id": origin?.requestId ?? sequencerOf(change.id),
      "x-amz-id-2": origin?.hostId ?? sequencerOf(change.id),
    },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId,
      bucket: { name: bucket, ownerIdentity: { principalId: owner }, arn: `arn:aws:s3:::${bucket}` },
      object: objectOf(change),
    },
    ...detailOf(change),
  };
  return JSON.stringify({ Records: [record] });
}

function objectOf(change: Change) {
  const { id, key, sizeBytes, versionId, detail } = change;
  const etag = etagOf(change);
  return {
    key: formEncoded(key),
    ...(sizeBytes === null ? {} : { size: sizeBytes }),
    ...(etag === null ? {} : { eTag: etag }),
    ...(versionId === null ? {} : { versionId }),
    ...(detail?.hasAnnotations === undefined ? {} : { hasObjectAnnotation: detail.hasAnnotations }),
    sequencer: sequencerOf(id),
  };
}

function etagOf({ event, etag }: Change): string | null {
  return event.endsWith(":DeleteMarkerCreated") ? MARKER_ETAG : etag;
}

/** What stands beside `s3` in events of some kinds. */
function detailOf({ detail }: Change) {
  const { storageClass, accessTier, annotation } = detail ?? {};
  return {
    ...(storageClass !== undefined && {
      lifecycleEventData: { transitionEventData: { destinationStorageClass: storageClass } },
    }),
    ...(accessTier !== undefined && { intelligentTieringEventData: { destinationAccessTier: accessTier } }),
    ...(annotation && {
      objectAnnotation: [{ name: annotation.name, size: annotation.sizeBytes, eTag: annotation.etag }],
    }),
  };
}

/** What S3 sends when a configuration is put, so that its owner sees that messages arrive. */
export function testMessage(about: { bucket: string; atMs: number; requestId: string; hostId: string }): string {
  const { bucket, atMs, requestId, hostId } = about;
  return JSON.stringify({
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: new Date(atMs).toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: hostId,
  });
}

/** What the event bus calls each kind of event, and the operation that is named as its reason. */
const BUS_NAMES: Readonly<Record<string, readonly [detailType: string, reason?: string]>> = {
  "ObjectCreated:Put": ["Object Created", "PutObject"],
  "ObjectCreated:Post": ["Object Created", "POST Object"],
  "ObjectCreated:Copy": ["Object Created", "CopyObject"],
  "ObjectCreated:CompleteMultipartUpload": ["Object Created", "CompleteMultipartUpload"],
  "ObjectRemoved:Delete": ["Object Deleted", "DeleteObject"],
  "ObjectRemoved:DeleteMarkerCreated": ["Object Deleted", "DeleteObject"],
  "LifecycleExpiration:Delete": ["Object Deleted", "Lifecycle Expiration"],
  "LifecycleExpiration:DeleteMarkerCreated": ["Object Deleted", "Lifecycle Expiration"],
  LifecycleTransition: ["Object Storage Class Changed"],
  IntelligentTiering: ["Object Access Tier Changed"],
  "ObjectTagging:Put": ["Object Tags Added"],
  "ObjectTagging:Delete": ["Object Tags Deleted"],
  "ObjectAcl:Put": ["Object ACL Updated"],
  "ObjectAnnotation:Put": ["Object Annotation Created", "PutObjectAnnotation"],
  "ObjectAnnotation:Delete": ["Object Annotation Removed", "DeleteObjectAnnotation"],
};

/**
 * The event that S3 sends to Amazon EventBridge, as JSON text; null: of this kind it sends none. `eventId` is a UUID, `accountId` that
 * of the bucket's owner.
 *
 * Follows "EventBridge event message structure", version 1.1, in the Amazon S3 User Guide.
 */
export function busEvent(
  change: Change,
  { eventId, accountId }: { eventId: string; accountId: string },
): string | null {
  const [detailType, reason] = BUS_NAMES[change.event] ?? [];
  if (detailType === undefined) return null;
  const { id, bucket, origin, event } = change;
  const deletion = event.endsWith("DeleteMarkerCreated") ? "Delete Marker Created" : "Permanently Deleted";
  return JSON.stringify({
    version: "0",
    id: eventId,
    "detail-type": detailType,
    source: "aws.s3",
    account: accountId,
    time: `${new Date(change.atMs).toISOString().slice(0, 19)}Z`,
    region: change.region,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: "0",
      "event-version": BUS_FORM,
      bucket: { name: bucket },
      object: busObject(change),
      "request-id": origin?.requestId ?? sequencerOf(id),
      requester: origin?.account ?? "s3.amazonaws.com",
      ...(origin ? { "source-ip-address": origin.sourceIp } : {}),
      ...(reason === undefined ? {} : { reason }),
      ...(detailType === "Object Deleted" ? { "deletion-type": deletion } : {}),
      ...busDetail(change),
    },
  });
}

function busObject(change: Change) {
  const { id, key, sizeBytes, versionId, detail } = change;
  const etag = etagOf(change);
  return {
    key,
    ...(sizeBytes === null ? {} : { size: sizeBytes }),
    ...(etag === null ? {} : { etag }),
    ...(versionId === null ? {} : { "version-id": versionId }),
    ...(detail?.hasAnnotations === undefined ? {} : { "has-object-annotation": detail.hasAnnotations }),
    sequencer: sequencerOf(id),
  };
}

function busDetail({ detail }: Change) {
  const { storageClass, accessTier, annotation } = detail ?? {};
  return {
    ...(storageClass !== undefined && { "destination-storage-class": storageClass }),
    ...(accessTier !== undefined && { "destination-access-tier": accessTier }),
    ...(annotation && {
      "object-annotation": { name: annotation.name, size: annotation.sizeBytes, etag: annotation.etag },
    }),
  };
}

/** 16 hex digits, so that order of text is order of number. */
function sequencerOf(id: number): string {
  return id.toString(16).toUpperCase().padStart(16, "0");
}

/** As keys stand in S3's events: percent escapes as in a form, a space is a plus. */
function formEncoded(key: string): string {
  return new URLSearchParams([["", key]]).toString().slice(1).replaceAll("%2F", "/");
}
