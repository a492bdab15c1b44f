import { describe, expect, it } from "vitest";
import { busEvent, type Change, eventMessage, testMessage } from "../../src/events/record.ts";
import { EVENT_NAMES } from "../../src/events/rules.ts";

const change: Change = {
  id: 26,
  bucket: "photos",
  owner: "a".repeat(64),
  region: "eu-west-1",
  key: "in/a b+ü.jpg",
  event: "ObjectCreated:Put",
  versionId: "v1",
  sizeBytes: 7,
  etag: "d41d8cd98f00b204e9800998ecf8427e",
  atMs: 1_000,
  origin: { requester: "AWS:AIDAX", account: "100000000001", sourceIp: "192.0.2.1", requestId: "R1", hostId: "H1" },
  detail: null,
};

describe("the message of an event", () => {
  it("has AWS's form", () => {
    expect(JSON.parse(eventMessage(change, "rule-1"))).toEqual({
      Records: [
        {
          eventVersion: "2.5",
          eventSource: "aws:s3",
          awsRegion: "eu-west-1",
          eventTime: "1970-01-01T00:00:01.000Z",
          eventName: "ObjectCreated:Put",
          userIdentity: { principalId: "AWS:AIDAX" },
          requestParameters: { sourceIPAddress: "192.0.2.1" },
          responseElements: { "x-amz-request-id": "R1", "x-amz-id-2": "H1" },
          s3: {
            s3SchemaVersion: "1.0",
            configurationId: "rule-1",
            bucket: { name: "photos", ownerIdentity: { principalId: "a".repeat(64) }, arn: "arn:aws:s3:::photos" },
            object: {
              key: "in/a+b%2B%C3%BC.jpg",
              size: 7,
              eTag: "d41d8cd98f00b204e9800998ecf8427e",
              versionId: "v1",
              sequencer: "000000000000001A",
            },
          },
        },
      ],
    });
  });

  it("tells neither size nor ETag of what is gone", () => {
    const gone = { ...change, event: "ObjectRemoved:Delete", sizeBytes: null, etag: null, versionId: null };
    const [record] = JSON.parse(eventMessage(gone, "r")).Records;
    expect(record.s3.object).toEqual({ key: "in/a+b%2B%C3%BC.jpg", sequencer: "000000000000001A" });
  });

  it("has the same version whatever happened", () => {
    const versionOf = (event: string) => JSON.parse(eventMessage({ ...change, event }, "r")).Records[0].eventVersion;
    const names = [...EVENT_NAMES].filter((name) => !name.endsWith("*")).map((name) => name.slice("s3:".length));
    expect(new Set(names.map(versionOf))).toEqual(new Set(["2.5"]));
  });

  it.each([
    [
      "LifecycleTransition",
      { storageClass: "GLACIER" },
      { lifecycleEventData: { transitionEventData: { destinationStorageClass: "GLACIER" } } },
    ],
    [
      "IntelligentTiering",
      { accessTier: "ARCHIVE_ACCESS" },
      { intelligentTieringEventData: { destinationAccessTier: "ARCHIVE_ACCESS" } },
    ],
    [
      "ObjectAnnotation:Put",
      { annotation: { name: "a", sizeBytes: 3, etag: "e" } },
      { objectAnnotation: [{ name: "a", size: 3, eTag: "e" }] },
    ],
    ["ObjectAnnotation:Delete", { annotation: { name: "a" } }, { objectAnnotation: [{ name: "a" }] }],
  ])("tells of %s what else is known", (event, detail, told) => {
    const [plain] = JSON.parse(eventMessage({ ...change, event }, "r")).Records;
    const [record] = JSON.parse(eventMessage({ ...change, event, detail }, "r")).Records;
    expect(record).toEqual({ ...plain, ...told });
  });

  it("says of a copy whether it has annotations", () => {
    const copied = { ...change, event: "ObjectCreated:Copy", detail: { hasAnnotations: false } };
    expect(JSON.parse(eventMessage(copied, "r")).Records[0].s3.object).toMatchObject({ hasObjectAnnotation: false });
  });

  it("tells the ETag of nothing of a delete marker", () => {
    const marked = { ...change, event: "ObjectRemoved:DeleteMarkerCreated", sizeBytes: null, etag: null };
    expect(JSON.parse(eventMessage(marked, "r")).Records[0].s3.object).toEqual({
      key: "in/a+b%2B%C3%BC.jpg",
      eTag: "d41d8cd98f00b204e9800998ecf8427e",
      versionId: "v1",
      sequencer: "000000000000001A",
    });
  });

  it("names S3 itself where nobody asked", () => {
    const [record] = JSON.parse(eventMessage({ ...change, origin: null }, "r")).Records;
    expect(record.userIdentity.principalId).toBe("s3.amazonaws.com");
    expect(record.requestParameters.sourceIPAddress).toBe("s3.amazonaws.com");
  });
});

describe("the test message", () => {
  it("has AWS's form", () => {
    expect(JSON.parse(testMessage({ bucket: "b", atMs: 0, requestId: "R", hostId: "H" }))).toEqual({
      Service: "Amazon S3",
      Event: "s3:TestEvent",
      Time: "1970-01-01T00:00:00.000Z",
      Bucket: "b",
      RequestId: "R",
      HostId: "H",
    });
  });
});

describe("the event of the bus", () => {
  const ids = { eventId: "id", accountId: "100000000001" };

  it("has AWS's form, with the key as it is", () => {
    expect(JSON.parse(busEvent(change, ids) ?? "")).toEqual({
      version: "0",
      id: "id",
      "detail-type": "Object Created",
      source: "aws.s3",
      account: "100000000001",
      time: "1970-01-01T00:00:01Z",
      region: "eu-west-1",
      resources: ["arn:aws:s3:::photos"],
      detail: {
        version: "0",
        "event-version": "1.1",
        bucket: { name: "photos" },
        object: { key: "in/a b+ü.jpg", size: 7, etag: change.etag, "version-id": "v1", sequencer: "000000000000001A" },
        "request-id": "R1",
        requester: "100000000001",
        "source-ip-address": "192.0.2.1",
        reason: "PutObject",
      },
    });
  });

  it("says what a deletion was", () => {
    const typeOf = (event: string) => JSON.parse(busEvent({ ...change, event }, ids) ?? "").detail["deletion-type"];
    expect(typeOf("ObjectRemoved:Delete")).toBe("Permanently Deleted");
    expect(typeOf("ObjectRemoved:DeleteMarkerCreated")).toBe("Delete Marker Created");
  });

  it.each([
    ["LifecycleTransition", { storageClass: "GLACIER" }, { "destination-storage-class": "GLACIER" }],
    ["IntelligentTiering", { accessTier: "ARCHIVE_ACCESS" }, { "destination-access-tier": "ARCHIVE_ACCESS" }],
    [
      "ObjectAnnotation:Put",
      { annotation: { name: "a", sizeBytes: 3, etag: "e" } },
      { reason: "PutObjectAnnotation", "object-annotation": { name: "a", size: 3, etag: "e" } },
    ],
    [
      "ObjectAnnotation:Delete",
      { annotation: { name: "a" } },
      { reason: "DeleteObjectAnnotation", "object-annotation": { name: "a" } },
    ],
  ])("tells of %s what else is known", (event, detail, told) => {
    const plain = JSON.parse(busEvent({ ...change, event }, ids) ?? "");
    const more = JSON.parse(busEvent({ ...change, event, detail }, ids) ?? "");
    expect(more).toEqual({ ...plain, detail: { ...plain.detail, ...told } });
  });

  it("says of a copy whether it has annotations", () => {
    const copied = { ...change, event: "ObjectCreated:Copy", detail: { hasAnnotations: true } };
    expect(JSON.parse(busEvent(copied, ids) ?? "").detail.object).toMatchObject({ "has-object-annotation": true });
  });

  it("is not sent of kinds that the bus does not have", () => {
    expect(busEvent({ ...change, event: "ObjectRetention:Put" }, ids)).toBeNull();
  });
});
