import { describe, expect, it } from "vitest";
import { logKey } from "../../src/logging/configuration.ts";
import { type AccessRecord, accessLine } from "../../src/logging/line.ts";
import { operationName } from "../../src/services/s3/logging/operation-name.ts";

const record: AccessRecord = {
  ...{ bucket: "box", atMs: Date.UTC(2026, 10, 9, 6, 7, 8), clientAddress: "192.0.2.3", requester: "a".repeat(64) },
  ...{
    requestId: "0123456789ABCDEF",
    operation: "REST.GET.OBJECT",
    key: "a b/ü",
    requestLine: "GET /box/a%20b HTTP/1.1",
  },
  ...{ status: 206, error: null, sentBytes: 10, objectBytes: 100, totalMs: 7, turnaroundMs: 5, referer: null },
  ...{
    userAgent: 'x"y\\z\n',
    versionId: null,
    hostId: "id2",
    signature: "SigV4",
    cipher: null,
    authentication: "AuthHeader",
  },
  ...{ host: "localhost:9000", tls: null },
};

describe("a line of the access log", () => {
  it("has AWS's fields in AWS's order", () => {
    const owner = "b".repeat(64);
    expect(accessLine(record, owner)).toBe(
      `${owner} box [09/Nov/2026:06:07:08 +0000] 192.0.2.3 ${"a".repeat(64)} 0123456789ABCDEF REST.GET.OBJECT a%2520b/%25C3%25BC ` +
        '"GET /box/a%20b HTTP/1.1" 206 - 10 100 7 5 "-" "x\\"y\\\\z\\x0a" - id2 SigV4 - AuthHeader localhost:9000 - - -\n',
    );
  });

  it("is one line, whatever a client sends", () => {
    const line = accessLine({ ...record, key: 'a\nb" c', referer: "\u2028\u0000\r", userAgent: "\n\n" }, "o");
    expect(line.split("\n")).toHaveLength(2);
  });

  it("says nothing where there is nothing", () => {
    const nothing = {
      requester: null,
      key: null,
      clientAddress: null,
      sentBytes: 0,
      objectBytes: null,
      turnaroundMs: null,
      signature: null,
      authentication: null,
    };
    expect(accessLine({ ...record, ...nothing, status: 403, error: "AccessDenied" }, "o")).toMatch(
      / - - 0123456789ABCDEF REST.GET.OBJECT - ".*" 403 AccessDenied - - 7 - /,
    );
  });
});

describe("keys of log objects", () => {
  const about = {
    source: { name: "box", accountId: "100000000001", region: "us-east-1" },
    ...{ day: "2026-11-08", deliveredMs: Date.UTC(2026, 10, 9, 0, 1, 2), unique: "0A" },
  };
  it.each([
    ["simple", "logs/2026-11-09-00-01-02-0A"],
    ["DeliveryTime", "logs/100000000001/us-east-1/box/2026/11/09/2026-11-09-00-01-02-0A"],
    ["EventTime", "logs/100000000001/us-east-1/box/2026/11/08/2026-11-08-00-00-00-0A"],
  ] as const)("%s", (keys, expected) => {
    expect(logKey({ targetBucket: "t", targetPrefix: "logs/", keys }, about)).toBe(expected);
  });
});

it.each([
  ["GetObject", "GET", "REST.GET.OBJECT"],
  ["CopyObject", "PUT", "REST.COPY.OBJECT"],
  ["DeleteObjects", "POST", "REST.POST.MULTI_OBJECT_DELETE"],
  ["ListObjectsV2", "GET", "REST.GET.BUCKET"],
  ["PutPublicAccessBlock", "PUT", "REST.PUT.PUBLIC_ACCESS_BLOCK"],
  ["GetBucketVersioning", "GET", "REST.GET.VERSIONING"],
  ["PutBucketNotificationConfiguration", "PUT", "REST.PUT.NOTIFICATION"],
  ["GetObjectLockConfiguration", "GET", "REST.GET.OBJECT_LOCK"],
])("%s is %s in the log", (operation, method, expected) => {
  expect(operationName(operation, { method, isObject: false })).toBe(expected);
});
